import { escapeHtml } from '../html.ts';
export interface ExportedTable {
  readonly file: string;
  readonly table: string;
  readonly description: string;
  readonly columns: readonly { readonly name: string; readonly description: string }[];
  readonly rows: number;
  /** Of the rows that say when they were made. */
  readonly from: string | undefined;
  readonly until: string | undefined;
}

export interface ExportedFile {
  readonly name: string;
  readonly uploadId: string;
  /** In bytes. */
  readonly size: number;
  readonly isThere: boolean;
}

const style = `
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
  table { border-collapse: collapse; width: 100% } th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0 }
  tr { border-bottom: 1px solid #ddd } td.number { text-align: right } details { margin: .5rem 0 } code { font-size: .9em }
`;

function period({ from, until }: ExportedTable): string {
  if (from === undefined || until === undefined) return '';
  const [first, last] = [from.slice(0, 10), until.slice(0, 10)];
  return first === last ? first : `${first} to ${last}`;
}

/** What a person sees who opens the archive: which file holds what, in the words of the schema. */
export function indexPage(content: {
  readonly madeAt: string;
  readonly tables: readonly ExportedTable[];
  readonly files: readonly ExportedFile[];
}): string {
  const tables = content.tables.map(
    (table) => `<tr>
<td><a href="${escapeHtml(table.file)}">${escapeHtml(table.table)}</a></td>
<td>${escapeHtml(table.description)}
<details><summary>What the fields mean</summary><table>${table.columns
      .map(
        ({ name, description }) =>
          `<tr><td><code>${escapeHtml(name)}</code></td><td>${escapeHtml(description)}</td></tr>`,
      )
      .join('\n')}</table></details></td>
<td class="number">${table.rows.toLocaleString('en')}</td>
<td>${period(table)}</td>
</tr>`,
  );
  const files = content.files.map(
    ({ name, size, isThere }) =>
      `<tr><td>${isThere ? `<a href="${escapeHtml(name)}">${escapeHtml(name)}</a>` : escapeHtml(name)}</td>
<td class="number">${isThere ? size.toLocaleString('en') : 'not stored'}</td></tr>`,
  );
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Your data</title><style>${style}</style></head>
<body>
<h1>Your data</h1>
<p>Everything that this community stores about you, as it was on ${escapeHtml(content.madeAt)}. Each file holds one entry a
line, in JSON. Passwords, keys and other secrets are not part of it, nor is what others wrote.</p>
<table>
<thead><tr><th>File</th><th>What it is</th><th>Entries</th><th>From</th></tr></thead>
<tbody>
${tables.join('\n')}
</tbody>
</table>
<h2>Your files</h2>
${files.length === 0 ? '<p>None.</p>' : `<table><thead><tr><th>File</th><th>Bytes</th></tr></thead><tbody>${files.join('\n')}</tbody></table>`}
</body>
</html>
`;
}
