// Runs inside the sandbox: turns each .ts file of its folder into a .js file by removing the types, unchecked.
// Stands alone (node, and the package typescript at the path that is the first argument).
'use strict';

const fs = require('node:fs');
const ts = require(process.argv[2]);

const options = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.CommonJS, esModuleInterop: true };
const faults = [];
for (const name of fs.readdirSync('.').filter((each) => each.endsWith('.ts'))) {
  const source = fs.readFileSync(name, 'utf8');
  const made = ts.transpileModule(source, { reportDiagnostics: true, compilerOptions: options });
  for (const each of made.diagnostics || []) faults.push(ts.flattenDiagnosticMessageText(each.messageText, '\n'));
  fs.writeFileSync(name.replace(/ts$/, 'js'), made.outputText);
}
if (faults.length > 0) {
  console.log(faults.join('\n'));
  process.exit(1);
}
