import type { Command } from 'commander';
import { exitCodeMeanings } from './exit-codes.ts';

/** A command's help as it is printed, with the texts before and after it. */
function helpOf(command: Command): string {
  let text = '';
  const keep = command.configureOutput();
  command.configureOutput({
    ...keep,
    writeOut: (part) => {
      text += part;
    },
    getOutHasColors: () => false,
  });
  command.outputHelp();
  command.configureOutput(keep);
  return text.trimEnd();
}

function sectionsOf(command: Command, path: string): string[] {
  return command.commands.flatMap((child) => {
    const here = `${path} ${child.name()}`;
    return [`## \`${here}\`\n\n\`\`\`\n${helpOf(child)}\n\`\`\``, ...sectionsOf(child, here)];
  });
}

/** docs/cli.md: every command with its help, and the exit codes. */
export function renderReference(program: Command): string {
  const codes = exitCodeMeanings.map(([code, meaning]) => `| ${code} | ${meaning} |`).join('\n');
  return `# The command line

<!-- Written from the program: change the help texts, then run "npm test -- test/cli/reference.test.ts -u". -->

In a clone of the repository the command is \`npx stoa\`; \`npm start\` is \`npx stoa up\`. A command that prints facts
takes \`--json\` and then prints one JSON document to standard output; what it tells about its own work goes to standard
error. A failure is one sentence and what to do about it; with \`--json\` it is
\`{"error":{"code":…,"message":…,"cure":…}}\` on standard error.

## Exit codes

| code | meaning |
|---|---|
${codes}

## \`stoa\`

\`\`\`
${helpOf(program)}
\`\`\`

${sectionsOf(program, 'stoa').join('\n\n')}
`;
}
