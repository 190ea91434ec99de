// MCP's TypeScript client against the service: lists, reads and calls everything, and prints what it saw as JSON.
// Arguments: the URL of an endpoint, "legacy" or a revision to insist on. The access token is in TOKEN.
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";

const [url, era] = process.argv.slice(2);
const headers = { Authorization: `Bearer ${process.env.TOKEN}` };
const mode = era === "legacy" ? "legacy" : { pin: era };

// The person at this client: says yes, and takes the last of the options.
const asked = [];
function answer({ params }) {
  asked.push(params);
  const content = {};
  for (const [name, field] of Object.entries(params.requestedSchema.properties)) {
    content[name] = field.type === "boolean" ? true : field.oneOf.at(-1).const;
  }
  return { action: "accept", content };
}

async function connect(requestInit = { headers }) {
  const capabilities = { elicitation: { form: {} } };
  const client = new Client({ name: "tests", version: "1" }, { capabilities, versionNegotiation: { mode } });
  client.setRequestHandler("elicitation/create", answer);
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit }));
  return client;
}

async function refusal(promise) {
  try {
    await promise;
  } catch (error) {
    return { code: error.code ?? null, message: String(error.message) };
  }
  return null;
}

const client = await connect();
const call = (name, given = {}) => client.callTool({ name, arguments: given });
const seen = {
  revision: client.getNegotiatedProtocolVersion(),
  server: client.getServerVersion(),
  instructions: client.getInstructions(),
  capabilities: client.getServerCapabilities(),
  tools: (await client.listTools()).tools,
  added: await call("add_items", { items: ["2 kg flour", { name: "milk", price: 1.19 }] }),
  checked: await call("check_items", { items: ["milk"], store: "Corner shop" }),
  listed: await call("list_items"),
  refused: await call("list_items", { list: "Nowhere" }),
  spent: await call("get_spending", { chart: true }),
  resources: (await client.listResources()).resources,
  templates: (await client.listResourceTemplates()).resourceTemplates,
  prompts: (await client.listPrompts()).prompts,
};
const household = seen.resources.find((each) => each.name === "lists").uri.split("/")[2];
const readable = [
  ...seen.resources.map((each) => each.uri),
  `shopping://${household}/lists/L1.csv`,
  "shopping://sample/3",
];
seen.contents = {};
for (const uri of readable) {
  seen.contents[uri] = (await client.readResource({ uri })).contents;
}
seen.messages = {};
for (const { name } of seen.prompts) {
  seen.messages[name] = (await client.getPrompt({ name, arguments: {} })).messages;
}
seen.completions = {
  store: (
    await client.complete({ ref: { type: "ref/prompt", name: "go_shopping" }, argument: { name: "store", value: "CORN" } })
  ).completion,
  list: (
    await client.complete({
      ref: { type: "ref/resource", uri: "shopping://{household}/lists/{list}" },
      argument: { name: "list", value: "gro" },
      context: { arguments: { household } },
    })
  ).completion,
};
seen.missing = {
  resource: await refusal(client.readResource({ uri: "shopping://sample/0" })),
  prompt: await refusal(client.getPrompt({ name: "cook" })),
  token: await refusal(connect({})),
};
async function withProgress(name, given) {
  const reports = [];
  const onprogress = (report) => reports.push(report);
  const { structuredContent } = await client.callTool({ name, arguments: given }, { onprogress });
  return { result: structuredContent, reports };
}

const rows = (await client.readResource({ uri: "shopping://sample/1200" })).contents[0].text;
await call("save_list", { name: "Sample" });
seen.imported = await withProgress("import_items", { data: rows, list: "Sample" });
seen.undone = await withProgress("undo", { undo_ref: seen.imported.result.undo_ref });
if (era !== "legacy") {
  const listed = new Promise((resolve) => {
    client.setNotificationHandler("notifications/resources/list_changed", () => resolve(true));
  });
  const following = await client.listen({ resourcesListChanged: true });
  await call("save_list", { name: "Party" });
  seen.listChanged = await listed;
  await following.close();
}
await call("add_items", { items: ["milk (fresh)", "milk (oat)"] });
seen.chosen = await call("check_items", { items: ["milk"] });
seen.deleted = await call("delete_list", { list: "Sample" });
seen.asked = asked;
if (era !== "legacy") {
  const changed = new Promise((resolve) => {
    client.setNotificationHandler("notifications/resources/updated", ({ params }) => resolve(params.uri));
  });
  const subscription = await client.listen({ resourceSubscriptions: [`shopping://${household}/lists/L1`] });
  await call("add_items", { items: ["tea"] });
  seen.changed = await changed;
  await subscription.close();
}
await client.close();
console.log(JSON.stringify(seen));
