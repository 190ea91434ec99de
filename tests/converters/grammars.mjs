// Compiles grammars (standard input, by name) with llama.cpp; prints the names of those that it can't compile, as JSON.
import { json } from "node:stream/consumers";
import { getLlama, LlamaGrammar, LlamaLogLevel } from "node-llama-cpp";

const llama = await getLlama({ build: "never", gpu: false, logLevel: LlamaLogLevel.disabled });
const failed = [];
for (const [name, grammar] of Object.entries(await json(process.stdin))) {
  try {
    new LlamaGrammar(llama, { grammar });
  } catch {
    failed.push(name);
  }
}
await llama.dispose();
console.log(JSON.stringify(failed));
