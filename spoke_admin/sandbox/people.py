"""Sample people and groups for a rehearsal: the same ones every time, and every trap among the first ten."""

from collections.abc import Sequence

from spoke_admin.domain.person import Group, Person

GIVEN = ("Ada", "Zoë", "Grace", "Linus", "Marie", "José", "Hedy", "Alan", "Chiara", "Søren", "Noor", "Kenji", "Amara")
FAMILY = ("Lovelace", "Müller", "Hopper", "Nguyen", "Curie", "García", "Lamarr", "Turing", "Rossi", "Kjær", "Haddad")
WORK = (
    ("IT Administrator", "IT"),
    ("Support Lead", "Support"),
    ("Account Executive", "Sales"),
    ("People Partner", "People"),
    ("Software Engineer", "Engineering"),
)
CITIES = (("San Francisco", "CA"), ("Austin", "TX"), ("New York", "NY"), ("Chicago", "IL"), ("Seattle", "WA"))

# what the service makes of each is in the phone rule; the first one is the trap that a rehearsal shows by itself
PHONES = (
    "1-800-555-0199",
    "415-555-2671",
    "(212) 736-5000",
    "+1 512 472 0123",
    "+44 20 7946 0958",
    "312.755.0111 x42",
    "1-888-555-0142",
    "1-877-555-0133",
    "415-555-CALL",
    "",
)


def people(count: int) -> list[Person]:
    """So many people, pairwise different, by Okta's attribute names."""
    return [_person(number) for number in range(count)]


def _person(number: int) -> Person:
    given, family = GIVEN[number % len(GIVEN)], FAMILY[number % len(FAMILY)]
    login = f"{_plain(given)}.{_plain(family)}{number or ''}@example.com".lower()
    title, department = WORK[number % len(WORK)]
    city, state = CITIES[number % len(CITIES)]
    attributes = {
        "login": login,
        "email": login,
        "firstName": given,
        "lastName": family,
        "displayName": f"{given} {family}",
        "title": title,
        "department": department,
        "city": city,
        "state": state,
        "countryCode": "US",
        "primaryPhone": _phone(number),
        "managerId": f"{_plain(GIVEN[0])}.{_plain(FAMILY[0])}@example.com".lower() if number else "",
        "startDate": f"2026-{1 + number % 12:02}-{1 + number % 28:02}" if number % 3 == 0 else "",
    }
    return Person(f"00u{number:017}", {name: text for name, text in attributes.items() if text})


def _phone(number: int) -> str:
    """The first ten show every kind; from then on valid numbers, all different for the first 10,000."""
    return PHONES[number] if number < len(PHONES) else f"415-{200 + number // 10_000 % 800}-{number % 10_000:04}"


def _plain(name: str) -> str:
    return name.replace("æ", "ae").translate(str.maketrans("ëüéíø", "eueio"))


def groups(of: Sequence[Person]) -> list[Group]:
    """Everyone, and a group for each department of these people."""
    departments = [department for _, department in WORK]
    members = {name: [it.id for it in of if it.attributes.get("department") == name] for name in departments}
    everyone = Group("00g00000000000000000", "Everyone", tuple(person.id for person in of))
    numbered = enumerate(departments, 1)
    return [everyone, *(Group(f"00g{number:017}", name, tuple(members[name])) for number, name in numbered)]
