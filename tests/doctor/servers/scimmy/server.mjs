// SCIMMY 1 behind its own Express routers, with the least of a store that they need: maps in memory.
// Prints {"scim_url"} when it answers. The token is the first line of standard input; it ends with that stream.
import {randomUUID} from "node:crypto";
import {createInterface} from "node:readline";
import express from "express";
import SCIMMY from "scimmy";
import SCIMMYRouters from "scimmy-routers";

const lines = createInterface({input: process.stdin});
lines.once("close", () => process.exit(0));
const token = await new Promise(resolve => lines.once("line", resolve));

function keep(Resource, name) {
    const kept = new Map();
    const here = id => {
        if (!kept.has(id)) throw new SCIMMY.Types.Error(404, null, `Resource ${id} not found`);
        return kept.get(id);
    };
    SCIMMY.Resources.declare(Resource)
        .ingress(({id: known}, data) => {
            const id = known ? here(known).id : randomUUID();
            const same = value => String(value[name]).toLowerCase() === String(data[name]).toLowerCase();
            if ([...kept.values()].some(other => other.id !== id && same(other)))
                throw new SCIMMY.Types.Error(409, "uniqueness", `${name} is taken`);
            const now = new Date().toISOString();
            const meta = {created: kept.get(id)?.meta.created ?? now, lastModified: now};
            const made = {...JSON.parse(JSON.stringify(data)), id, meta};
            kept.set(id, made);
            return made;
        })
        .egress(({id, filter}) => {
            if (id) return here(id);
            const everyone = [...kept.values()];
            return filter ? filter.match(everyone) : everyone;
        })
        .degress(({id}) => void kept.delete(here(id).id));
}

keep(SCIMMY.Resources.User, "userName");
keep(SCIMMY.Resources.Group, "displayName");
SCIMMY.Resources.User.extend(SCIMMY.Schemas.EnterpriseUser, false);

const app = express();
app.use("/scim/v2", new SCIMMYRouters({
    type: "bearer",
    handler: request => {
        if (request.header("authorization") !== `Bearer ${token}`) throw new Error("Wrong or missing token");
        return "someone";
    },
}));
const listening = app.listen(0, "127.0.0.1", () => {
    console.log(JSON.stringify({scim_url: `http://127.0.0.1:${listening.address().port}/scim/v2`}));
});
