// Runs inside the sandbox: turns main.ts into main.js by removing its types, without checking them.
// Stands alone (node, and the package typescript at the path that is the first argument).
'use strict';

const fs = require('node:fs');
const ts = require(process.argv[2]);

const source = fs.readFileSync('main.ts', 'utf8');
const made = ts.transpileModule(source, {
  reportDiagnostics: true,
  compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.CommonJS },
});
const faults = (made.diagnostics || []).map((each) => ts.flattenDiagnosticMessageText(each.messageText, '\n'));
if (faults.length > 0) {
  console.log(faults.join('\n'));
  process.exit(1);
}
fs.writeFileSync('main.js', made.outputText);
