import type { Level } from '../../../migrate/check/rule.ts';

/** Something that is said about a line of a file, for machines that show it there. */
export interface Annotation {
  readonly rule: string;
  readonly level: Level;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export const annotationFormats = ['text', 'json', 'github', 'sarif'] as const;
export type AnnotationFormat = (typeof annotationFormats)[number];

const githubCommands: Readonly<Record<Level, string>> = {
  error: 'error',
  warning: 'warning',
  note: 'notice',
};

/** Workflow commands of GitHub Actions (docs.github.com, "Workflow commands"). */
export function githubText(annotations: readonly Annotation[]): string {
  const property = (text: string): string => escapeGithub(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
  return annotations
    .map(
      ({ rule, level, file, line, column, message }) =>
        `::${githubCommands[level]} file=${property(file)},line=${line},col=${column},title=${property(rule)}::${escapeGithub(message)}`,
    )
    .join('\n');
}

function escapeGithub(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

export interface SarifRule {
  readonly id: string;
  readonly title: string;
  readonly help: string;
}

/** Static Analysis Results Interchange Format 2.1.0 (OASIS). */
export function sarif(annotations: readonly Annotation[], rules: readonly SarifRule[]): unknown {
  const used = rules.filter(({ id }) => annotations.some(({ rule }) => rule === id));
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'stoa',
            rules: used.map(({ id, title, help }) => ({
              id,
              shortDescription: { text: title },
              help: { text: help },
            })),
          },
        },
        results: annotations.map(({ rule, level, file, line, column, message }) => ({
          ruleId: rule,
          level,
          message: { text: message },
          locations: [
            {
              physicalLocation: {
                artifactLocation: { uri: file.replaceAll('\\', '/') },
                region: { startLine: line, startColumn: column },
              },
            },
          ],
        })),
      },
    ],
  };
}

/** A text in lines of a width, each after an indent. */
export function wrapped(text: string, indent: string, width = 100): string {
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(/\s+/)) {
    if (line.length + word.length + 1 > width && line !== indent) {
      lines.push(line.trimEnd());
      line = indent;
    }
    line += `${line === indent ? '' : ' '}${word}`;
  }
  return [...lines, line].join('\n');
}
