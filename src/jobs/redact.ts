/**
 * What an error says, without what people are: its message is kept in the queue and in ops.job_runs, shown to operators
 * and logged. Names of tables and columns stay, values go.
 */
const rules: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  // PostgreSQL: Key (email)=(…), and the value that a type refused
  [/(\([\w, ".]+\)=)\([^)]*\)/g, '$1(hidden)'],
  [/: "[^"]*"/g, ': (hidden)'],
  // user:password@host, and what is asked for behind it
  [/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@]+@/gi, '$1***@'],
  [/(\bhttps?:\/\/[^\s?#"']+)[?#][^\s"']*/gi, '$1?***'],
  [/\b[\w.+-]+@[\w-]+(\.[\w-]+)+/g, '(address)'],
  [
    /\b(pass(?:word)?|token|secret|passkey|key|authorization|cookie|signature)(["']?\s*[=:]\s*)("[^"]*"|'[^']*'|\S+)/gi,
    '$1$2(hidden)',
  ],
  [/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/gi, '(id)'],
  [/\b[A-Za-z0-9_+/-]{32,}={0,2}/g, '(hidden)'],
  [/\b\d{1,3}(\.\d{1,3}){3}\b/g, '(ip)'],
  [/\b([0-9a-f]{1,4}:){4,7}[0-9a-f]{1,4}\b/gi, '(ip)'],
];

const longest = 500;

export function redact(text: string): string {
  const told = rules.reduce((told, [pattern, replacement]) => told.replace(pattern, replacement), text);
  const line = told.replaceAll(/\s+/g, ' ').trim();
  return line.length > longest ? `${line.slice(0, longest - 1)}…` : line;
}

/** The places of a stack, which name code and nothing else. */
function placesOf(error: Error): string {
  return (error.stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .join('\n');
}

/** An error that may be kept and shown in the place of another. */
export function redactedError(error: unknown): Error {
  if (!(error instanceof Error)) return new Error(redact(String(error)));
  const code = 'code' in error && typeof error.code === 'string' ? ` (${error.code})` : '';
  const told = new Error(`${redact(error.message) || error.name}${code}`);
  told.name = error.name;
  told.stack = `${told.name}: ${told.message}\n${placesOf(error)}`;
  return told;
}
