"""What can be wrong in a file of users: cells, lines and headers, each by the name of its fault. For the corpus."""

import codecs
import json

FIELDS = ("login", "email", "firstName", "lastName", "title", "mobilePhone", "primaryPhone")
HEADER = ",".join(FIELDS)


def row(number: int, **cells: str) -> str:
    """A row as it stands in the file, cells parted by commas; without dirt but for `cells`."""
    login = f"user{number}@example.com"
    sound = dict(zip(FIELDS, (login, login, "Ada", "Lovelace", "IT", "415-555-2671", ""), strict=True)) | cells
    return ",".join(sound[name] for name in FIELDS)


def quoted(cell: str) -> str:
    doubled = cell.replace('"', '""')
    return f'"{doubled}"'


ENCODINGS = {
    "UTF-8": ("utf-8", b""),
    "UTF-8 with a mark": ("utf-8", codecs.BOM_UTF8),
    "UTF-16 LE with a mark": ("utf-16-le", codecs.BOM_UTF16_LE),
    "UTF-16 BE with a mark": ("utf-16-be", codecs.BOM_UTF16_BE),
    "UTF-16 LE without a mark": ("utf-16-le", b""),
    "UTF-16 BE without a mark": ("utf-16-be", b""),
    "Windows-1252": ("cp1252", b""),
}
ENDS = {"CRLF": "\r\n", "LF": "\n", "lone CR": "\r", "mixed line ends": ""}
DELIMITERS = {
    "comma": ("", ","),
    "semicolon": ("", ";"),
    "tab": ("", "\t"),
    "a sep=; line": ("sep=;", ";"),
    "a sep=| line": ("sep=|", "|"),
    "no known delimiter": ("", "|"),
}
SEPARATORS = {
    "a blank": " ", "an at sign": "@", "a digit": "0", "a letter": "a", "a NUL": "\0", "a file separator": "\x1c",
    "a next line": "\x85", "a euro sign": "€", "an emoji": "😀", "a colon": ":", "a dot": ".", "a hyphen": "-",
    "an apostrophe": "'", "a backslash": "\\", "an equals sign": "=", "an accented letter": "é", "a delete": "\x7f",
    "a zero-width space": "\u200b", "a section sign": "§", "a plus": "+", "a tab": "\t", "a comma": ",",
}  # fmt: skip
SIGNS = {
    "NUL": "\0", "bell": "\x07", "backspace": "\b", "tab": "\t", "vertical tab": "\v", "form feed": "\f",
    "shift out": "\x0e", "escape": "\x1b", "file separator": "\x1c", "unit separator": "\x1f", "delete": "\x7f",
    "padding character": "\x80", "next line": "\x85", "device control": "\x90", "last C1": "\x9f",
    "no-break space": "\xa0",
    "soft hyphen": "\xad", "zero-width space": "\u200b", "zero-width joiner": "\u200d", "right-to-left mark": "\u200f",
    "hyphen beside the marks": "\u2010", "line separator": "\u2028", "paragraph separator": "\u2029",
    "right-to-left override": "\u202e", "narrow no-break space": "\u202f", "word joiner": "\u2060",
    "first isolate": "\u2066", "nominal digit shapes": "\u206f", "byte order mark": "\ufeff",
    "ideographic space": "\u3000",
    "variation selector": "\ufe0f", "tag letter": "\U000e0041", "combining acute": "\u0301",
    "replacement sign": "\ufffd",
    "noncharacter": "\uffff", "private use": "\ue000", "emoji of two units": "😀",
}  # fmt: skip
PHONES = {
    "taken": "415-555-2671|+1 (415) 555-2671|1.415.555.2671|4155552671|(212) 736 5000|+14155552671| 415-555-2671 |"
    "900-555-1234|500-555-1234|４１５５５５２６７１|415\u00a0555\u00a02671|415/555/2671|"
    "001 415 555 2671|011 1 415 555 2671",
    "of other countries": "+44 20 7946 0958|+49 30 901820|011 44 20 7946 0958|+81 3-3224-5000|"
    "+999 1234567|+7 495 697 0349",
    "of neighbours in the same plan": "613-232-1000|787-764-0000|671-646-1234|876-926-3590|+1 242 322 1000",
    "never valid": "555-0100|n/a|-|0|911|+1|123|415-555-267|415-555-26711|115-555-2671|415-155-2671|+|++14155552671|"
    "4155552671;4155552672|415-555-2671 or 2672|＋",
    "of 1-800 and 1-888": "800-555-0199|1-888-555-0142|+1 800 555 0199|1-800-FLOWERS|8005550199 x1",
    "toll-free otherwise": "877-466-7724|+1 833 466 7724|1-866-555-0123|855-555-0111 ext. 1|844 GO FEDEX",
    "with extensions": "415-555-2671 x42|415-555-2671 ext. 7|(415) 555-2671;ext=3|613-232-1000 x5|415-555-2671#12|"
    "415-555-2671 extension 9",
    "with letters": "415-555-CALL|Tel: 415-555-2671|tel:+1-415-555-2671|415-555-2671 (home)|mobile 4155552671",
    "with signs that cannot be seen": "\u200b415-555-2671|415-555-2671\u202c|415\u2011555\u20112671|\ufeff4155552671|"
    "415\0555\x002671|415-555-2671\x07",
    "without end": "1" * 99 + "|" + "1" * 100 + "|" + "1" * 101 + "|" + "1" * 250 + "|" + "1" * 251 + "|" + " " * 101,
    "in other digits": "٤١٥٥٥٥٢٦٧١|４１５－５５５－２６７１|४१५५५५२६७१|④①⑤⑤⑤⑤②⑥⑦①|4155552671²",
}
ADDRESSES = {
    "taken": "ada@example.com|ADA@Example.COM|ada+tag@example.com|a@b.co|o'brien@example.com|ada_l-1@sub.example.org",
    "blank around": " ada@example.com|ada@example.com |\tada@example.com|ada@example.com\u00a0|\u3000ada@example.com",
    "without a part": "ada|@example.com|ada@|@|ada@@example.com|ada@example|ada.example.com|ada@localhost",
    "dots where none may be": "ada..l@example.com|.ada@example.com|ada.@example.com|ada@.example.com|ada@example..com|"
    "ada@example.com.",
    "hyphens where none may be": "ada@-example.com|ada@example-.com|ada@ex--ample.com|ada@xn--a.com|ada@ab--c.com",
    "too long": "|".join(f"{'a' * size}@example.com" for size in (63, 64, 65, 88, 89)) + f"|ada@{'b' * 63}.com|"
    f"ada@{'b' * 64}.com|ada@{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 60}.com",
    "other scripts": "adá@example.com|a\u0301da@example.com|ada@bücher.example.com|李@例え.jp|"
    "ada@BÜCHER.de|ada@xn--bcher-kva.de",
    "alike once folded": "fin@example.com|ﬁn@example.com|FIN@example.com|straße@example.com|STRASSE@example.com|"
    "ａｄａ@example.com|ada@example.com|İada@example.com|i̇ada@example.com|ſam@example.com|Sam@example.com",
    "quoted or in brackets": "'ada l'@example.com|ada@[127.0.0.1]|Ada <ada@example.com>|"
    "<ada@example.com>|mailto:ada@example.com",
    "special names": "ada@example.test|ada@example.invalid|ada@acme.local|ada@acme.arpa|"
    "ada@acme.onion|ada@acme.c0m|ada@1.2.3.4",
    "signs that cannot be seen": "ad\u200ba@example.com|ada@exam\u200bple.com|\ufeffada@example.com|ada\0@example.com|"
    "ada@example.com\x7f|\u202eada@example.com",
    "several": "ada@example.com;bob@example.com|ada@example.com bob@example.com|ada@exa mple.com|ada l@example.com",
}
OKTA = (
    "login,firstName,lastName,middleName,honorificPrefix,honorificSuffix,email,title,displayName,nickName,profileUrl,"
    "secondEmail,mobilePhone,primaryPhone,streetAddress,city,state,zipCode,countryCode,postalAddress,preferredLanguage,"
    "locale,timezone,userType,employeeNumber,costCenter,organization,division,department,managerId,manager"
)
ENTRA = (
    "Name [displayName] Required,User name [userPrincipalName] Required,Initial password [passwordProfile] Required,"
    "Block sign in (Yes/No) [accountEnabled] Required,First name [givenName],Last name [surname],Job title [jobTitle],"
    "Department [department],Usage location [usageLocation],Street address [streetAddress],State or province [state],"
    "Country or region [country],Office [physicalDeliveryOfficeName],City [city],ZIP or postal code [postalCode],"
    "Office phone [telephoneNumber],Mobile phone [mobile]"
)
GOOGLE = (
    "First Name [Required],Last Name [Required],Email Address [Required],Password [Required],"
    "Password Hash Function [UPLOAD ONLY],Org Unit Path [Required],New Primary Email [UPLOAD ONLY],Recovery Email,"
    "Home Secondary Email,Work Secondary Email,Recovery Phone [MUST BE IN THE E.164 FORMAT],Work Phone,Home Phone,"
    "Mobile Phone,Work Address,Home Address,Employee ID,Employee Type,Employee Title,Manager Email,Department,"
    "Cost Center,Building ID,Floor Name,Floor Section,Change Password at Next Sign-In,New Status [UPLOAD ONLY],"
    "Advanced Protection Program enrollment"
)


ROWS = (
    {"firstName": "Zoë"}, {"lastName": "Müller; geb. Łuk".replace("Ł", "L")}, {"title": 'the "boss", they say'},
    {"title": "two\nlines"}, {"title": "three\r\nlines\r"}, {"mobilePhone": "1-800-555-0199"}, {"firstName": ""},
    {"login": "USER1@example.com "}, {"email": "adá@exämple"}, {"title": "bell\x07"}, {"lastName": "x" * 51},
    {"title": "tab\there"}, {"firstName": "José|María"}, {"mobilePhone": "+44 20 7946 0958"}, {"title": "é" * 101},
)  # fmt: skip


QUOTES = {
    "inside a name": row(1, firstName='A"da'), "at the end of a name": row(1, firstName='Ada"'),
    "behind a blank": row(1, firstName=' "Ada"'), "before a blank": row(1, firstName='"Ada" '),
    "text behind it": row(1, firstName='"A"da'), "text around it": row(1, firstName='A"d"a'),
    "text and a quote behind it": row(1, firstName='"A"d"a"'), "doubled": row(1, title='"the ""boss"""'),
    "doubled in plain text": row(1, title='the ""boss""'), "empty in quotes": row(1, title='""'),
    "three": row(1, title='"""') + "\n" + row(2), "four": row(1, title='""""'),
    "five": row(1, title='"""""') + "\n" + row(2),
    "opened at the start of a row": '"' + row(1), "opened in the middle of a row": row(1, firstName='"Ada'),
    "opened at the end of a row": row(1, primaryPhone='"lost'),
    "opened by the last sign of a row": row(1, primaryPhone='"'),
    "two rows with one each": row(1, firstName='"Ada') + "\n" + row(2, firstName='"Bob') + "\n" + row(3),
    "three rows with one each": "\n".join(row(number, title='"x') for number in (1, 2, 3)),
    "over two lines": row(1, title='"two\nlines"'), "over blank lines": row(1, title='"\n\n \n"'),
    "over lines with text behind it": row(1, title='"two\nlines"more'),
    "closed on a line of its own": row(1, title='"two\n"'),
    "over lines in the login": '"user1\n@example.com"' + row(1)[17:], "around delimiters": row(1, title='",,,"'),
    "escaped by backslashes": row(1, title='"the \\"boss\\""'), "of a typographer": row(1, title="“the boss, really”"),
    "single ones": row(1, title="'IT, really'"), "around all cells": ",".join(map(quoted, row(1).split(","))),
    "around all cells and doubled in each": ",".join(f'"{cell}"""""' for cell in row(1).split(",")),
    "stray in all cells": ",".join(f'{cell}"' for cell in row(1).split(",")), "and nothing else": '"\n""\n"""\n""""',
    "stray in a short row": 'a,b"c', "stray in a long row": row(1) + ',"a"b,c"d',
    "with damage beside it": row(1, title='"a"\udcffb'),
    "that a later row closes": row(1, title='"x') + "\n" + row(2) + "\n" + row(3, title='y"'),
    "opened again where it was closed": row(1, title='"x') + "\n" + row(2, title='y","z') + "\n" + row(3),
}  # fmt: skip
QUOTED_HEADERS = {
    "around every name": ",".join(map(quoted, FIELDS)), "over two lines": HEADER.replace("title", '"ti\ntle"'),
    "opened and never closed": HEADER.replace("title", '"title'), "inside a name": HEADER.replace("title", 'ti"tle'),
    "text behind one": HEADER.replace("title", '"ti"tle'), "opened at its start": f'"{HEADER}',
    "around the whole line": f'"{HEADER}"', "around the known delimiter": HEADER.replace("title", '"title,,,,;"'),
}  # fmt: skip


RAGGED = {
    "a cell less": row(1)[:-1], "a cell more": row(1) + ",", "one cell": "user1@example.com",
    "one blank in quotes": '" "',
    "delimiters alone": ",,,,,,", "too few delimiters alone": ",,", "too many delimiters alone": ",,,,,,,,",
    "all short": "a,b\nc,d\ne",
    "all long": "\n".join(row(number) + ",," for number in (1, 2)), "with damage": "a,\udcff",
    "with a control character": "a,\0",
    "with a login that is there twice": row(1) + "\n" + row(1) + ",\n" + row(1)[:-1] + "\n" + row(1),
    "semicolons": row(1).replace(",", ";"),
    "one short, one long": row(1)[:-1] + "\n" + row(2) + ",x", "another header": HEADER + ",more",
    "a thousand cells": "x," * 1_000,
}  # fmt: skip
BLANKS = {
    "before the header": "\n \n\t\n" + HEADER + "\n" + row(1) + "\n",
    "between rows": f"{HEADER}\n\n{row(1)}\n \n\t\n{row(2)}\n",
    "of other blanks": f"{HEADER}\n\u00a0\n{row(1)}\n\u3000\u2003\n\x85\n\x1c\n{row(2)}\n",
    "at the end": f"{HEADER}\n{row(1)}\n\n\n \n",
    "instead of a line end": f"{HEADER}\n{row(1)} ", "no final line end": f"{HEADER}\n{row(1)}",
    "header that does not end": HEADER,
    "final CR": f"{HEADER}\r\n{row(1)}\r", "CR CR LF": f"{HEADER}\r\r\n{row(1)}\r\r\n{row(2)}\r\r\n",
    "LF CR": f"{HEADER}\n\r{row(1)}\n\r",
    "one column and blank lines": f"login\n\n{row(1)[:17]}\n \n\n", "one line": row(1) + "\n", "one word": "login",
    "one sign": "x",
    "control-Z at the end": f"{HEADER}\n{row(1)}\n\x1a",
    "form feed between rows": f"{HEADER}\n{row(1)}\n\f\n{row(2)}\n",
    "line separators for line ends": f"{HEADER}\u2028{row(1)}\u2028",
    "next lines for line ends": f"{HEADER}\x85{row(1)}\x85",
    "NULs for a line": f"{HEADER}\n\0\0\0\n{row(1)}\n", "version line": f"version:v1.0\n{HEADER}\n{row(1)}\n",
    "version line in CR": f"version:v1.0\r{HEADER}\r{row(1)}\r", "a mark in quotes": f'"{HEADER}"\n',
}  # fmt: skip
NOTHING = {
    "nothing": "", "a line end": "\n", "blanks": " \t \u3000", "blank lines": "\r\n \r\n", "lone CRs": "\r\r\r",
    "a version line": "version:v1.0\n", "a sep= line": "sep=;\n", "delimiters": ",,,\n;;\n", "empty quotes": '"",""\n',
}  # fmt: skip

# -- headers --------------------------------------------------------------------------------------------------------

OKTA = (
    "login,firstName,lastName,middleName,honorificPrefix,honorificSuffix,email,title,displayName,nickName,profileUrl,"
    "secondEmail,mobilePhone,primaryPhone,streetAddress,city,state,zipCode,countryCode,postalAddress,preferredLanguage,"
    "locale,timezone,userType,employeeNumber,costCenter,organization,division,department,managerId,manager"
)
ENTRA = (
    "Name [displayName] Required,User name [userPrincipalName] Required,Initial password [passwordProfile] Required,"
    "Block sign in (Yes/No) [accountEnabled] Required,First name [givenName],Last name [surname],Job title [jobTitle],"
    "Department [department],Usage location [usageLocation],Street address [streetAddress],State or province [state],"
    "Country or region [country],Office [physicalDeliveryOfficeName],City [city],ZIP or postal code [postalCode],"
    "Office phone [telephoneNumber],Mobile phone [mobile]"
)
GOOGLE = (
    "First Name [Required],Last Name [Required],Email Address [Required],Password [Required],"
    "Org Unit Path [Required],Recovery Email,Recovery Phone [MUST BE IN THE E.164 FORMAT],Work Phone,Mobile Phone,"
    "Employee ID,Employee Title"
)
HEADERS = {
    "one unknown name": HEADER.replace("title", "Badge number"), "only unknown names": "a,b,c,d,e,f,g",
    "one name twice": HEADER.replace("title", "email"), "every name twice": f"{HEADER},{HEADER}",
    "one empty": f"{HEADER},",
    "empty in the middle": HEADER.replace("title", ""), "several empty": f"{HEADER},,,",
    "blanks for a name": f"{HEADER}, ,\t",
    "login missing": HEADER.replace("login", "Badge"), "login and email missing": "firstName,lastName",
    "nothing but a login": "login", "capitals": HEADER.upper(), "blanks around": HEADER.replace(",", " , "),
    "blanks inside": "Login,E mail,First Name,Last name,Title,Mobile Phone,Primary phone",
    "underscores": "login,e_mail,first_name",
    "hyphens": "login,e-mail,first-name,last-name", "no-break spaces": HEADER.replace("Name", "\u00a0Name"),
    "NUL inside": HEADER.replace("title", "ti\0tle"), "zero-width space inside": HEADER.replace("login", "log\u200bin"),
    "mark twice": "\ufeff\ufeff" + HEADER, "right-to-left override": HEADER.replace("title", "\u202eeltit"),
    "accents": HEADER.replace("title", "Títle"), "long s": HEADER.replace("lastName", "laſtName"),
    "dotted capital I": HEADER.replace("title", "TİTLE"), "full width": HEADER.replace("login", "ｌｏｇｉｎ"),
    "Cyrillic look-alike": HEADER.replace("email", "еmail"), "decomposed": HEADER.replace("title", "ti\u0301tle"),
    "formula": HEADER.replace("title", '"=HYPERLINK(""x"")"'),
    "brackets": f"{HEADER},Notes [mine],[],[login],x [title] [city]",
    "brackets not closed": f"{HEADER},Notes [title,city] Required",
    "the word Required": f"{HEADER},City [city] Required,Required",
    "read only": f"{HEADER},Status [READ ONLY],Last Sign In [READ ONLY]",
    "start dates": f"{HEADER},startDate,Start Date",
    "numbers": "1,2,3,4,5,6,7", "a row of data": row(1), "very long name": f"{HEADER},{'n' * 5_000}",
    "emoji": f"{HEADER},😀",
    "one hundred names": f"{HEADER}," + ",".join(f"c{number}" for number in range(93)), "Okta's": OKTA,
    "Entra's": ENTRA,
    "Entra's with its version": f"version:v1.0\n{ENTRA}", "Google's": GOOGLE, "Okta's and Entra's": f"{OKTA},{ENTRA}",
    "Entra's principal beside a login": f"{HEADER},User name [userPrincipalName] Required",
    "Google's and a login": f"{GOOGLE},login",
    "Entra's version in quotes": f'"version:v1.0"\n{ENTRA}', "Okta's without an email": OKTA.replace(",email", ""),
}  # fmt: skip

# -- bytes that are no text: U+DC80 to U+DCFF stand for such a byte each ------------------------------------

DAMAGE = {
    "a lone byte": "\udce9", "a lone continuation": "\udc80", "half of two bytes": "\udcc3",
    "two of three bytes": "\udce2\udc82",
    "three of four bytes": "\udcf0\udc9f\udc98", "overlong": "\udcc0\udc80", "a surrogate": "\udced\udca0\udc80",
    "a pair of surrogates": "\udced\udca0\udcbd\udced\udcb8\udc80", "beyond U+10FFFF": "\udcf4\udc90\udc80\udc80",
    "never in UTF-8": "\udcfe\udcff", "undefined in Windows-1252": "\udc81\udc8d\udc8f\udc90\udc9d",
    "a lead before ASCII": "\udce9x",
}  # fmt: skip
CODECS = {
    "Latin-1": "latin-1", "Mac Roman": "mac-roman", "IBM 850": "cp850", "Latin-2": "iso8859-2", "UTF-7": "utf-7",
    "EBCDIC": "cp037",
    "Latin-9": "iso8859-15", "Windows-1250": "cp1250", "Turkish": "cp1254",
}  # fmt: skip
EASTERN = {
    "Shift-JIS": "shift-jis",
    "GBK": "gbk",
    "Big5": "big5",
    "EUC-KR": "euc-kr",
    "KOI8-R": "koi8-r",
    "Windows-1251": "cp1251",
}

# -- what is no file of users at all ---------------------------------------------------------------------------------

HEADS = {
    "a PNG": b"\x89PNG\r\n\x1a\n", "a JPEG": b"\xff\xd8\xff\xe0\0\x10JFIF\0", "a GIF": b"GIF89a\x01\0\x01\0",
    "a PDF": b"%PDF-1.7\n",
    "a gzip file": b"\x1f\x8b\x08\0", "a bzip2 file": b"BZh91AY&SY", "an xz file": b"\xfd7zXZ\0",
    "a 7z file": b"7z\xbc\xaf'\x1c\0\x04",
    "a rar file": b"Rar!\x1a\x07\x01\0", "a zstandard file": b"\x28\xb5\x2f\xfd",
    "a zip file": b"PK\x03\x04\x14\0\0\0\x08\0",
    "an empty zip file": b"PK\x05\x06" + bytes(18),
    "an old workbook": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a program of Linux":
    b"\x7fELF\x02\x01\x01\0", "a program of Windows": b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0",
    "a Java class": b"\xca\xfe\xba\xbe\0\0",
    "a SQLite file": b"SQLite format 3\0\x10\0\x01\x01\0\x40\x20\x20", "a Parquet file": b"PAR1\x15\x04\x15\0",
    "a WAVE": b"RIFF\0\0\0\0WAVE",
}  # fmt: skip
WRITINGS = {
    "JSON": json.dumps([{"login": "ada@example.com", "tags": ["a", "b"]}] * 3, indent=1),
    "JSON on one line": '{"a": "b", "c": [1, 2]}',
    "JSON lines": '{"login": "ada@example.com"}\n' * 4,
    "XML": '<?xml version="1.0"?>\n<users>\n <user login="a"/>\n</users>\n',
    "a log-in page": '<!DOCTYPE html>\n<html><head><title>Sign in, please</title></head>\n<body class="a, b">\n'
    '<form action="/login" method="post"><input name="user"></form>\n</body></html>\n',
    "a mail": "From: Ada <ada@example.com>\r\nTo: it@example.com, hr@example.com\r\nSubject: =?utf-8?q?Users?=\r\n"
    'Content-Type: text/csv; name="users.csv"\r\n\r\nlogin,email,firstName,lastName\r\na,b,c,d\r\n',
    "a vCard": "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Lovelace;Ada;;;\r\nTEL;TYPE=CELL:+1-415-555-2671\r\nEND:VCARD\r\n",
    "LDIF": "dn: cn=Ada,dc=example,dc=com\nobjectClass: person\nmail: ada@example.com\n\n",
    "YAML": "users:\n  - login: ada\n    tags: [a, b]\n",
    "rich text": r"{\rtf1\ansi{\fonttbl\f0\fswiss;}\f0\pard login, email\par}" + "\n",
    "a key": "-----BEGIN CERTIFICATE-----\nMIIB\n-----END",
    "SQL": "INSERT INTO users VALUES ('ada', 'it''s', NULL);\n" * 3,
    "a table of Markdown": "| login | email |\n|---|---|\n| a | b |\n",
    "columns of blanks": "login            email\nada              ada@example.com\n",
    "a program's text": '#!/bin/sh\necho "a,b" | cut -d, -f1\n',
    "prose": "Dear all,\n\nplease find the users below; they are \"many\".\n\nBest,\nAda\n",
}  # fmt: skip
