// Compiles every schema of the tools (standard input, as tools/list has them) with ajv, in strict mode, by the rules of
// two drafts, with formats; prints what it can't compile, and which examples of "calls" don't fit, as JSON.
import Ajv from "ajv";
import Ajv2020 from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { json } from "node:stream/consumers";

const { schemas, calls } = await json(process.stdin);
const faults = [];
for (const [draft, Validator] of Object.entries({ "2020-12": Ajv2020, "draft-07": Ajv })) {
  const ajv = addFormats(new Validator({ strict: true, allErrors: true }));
  for (const [name, schema] of Object.entries(schemas)) {
    try {
      const check = ajv.compile(schema);
      for (const given of calls[name] ?? []) {
        if (!check(given)) faults.push({ draft, name, fault: ajv.errorsText(check.errors) });
      }
    } catch (error) {
      faults.push({ draft, name, fault: String(error.message) });
    }
  }
}
console.log(JSON.stringify(faults));
