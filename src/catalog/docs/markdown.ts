/** Text for one cell of a Markdown table: no line breaks, and no bar that would end the cell. */
export function cell(text: string): string {
  return text
    .replaceAll(/\s*\n\s*/g, ' ')
    .replaceAll('|', '\\|')
    .trim();
}

/** Code for one cell of a Markdown table; nothing for nothing. */
export function code(text: string | undefined): string {
  if (!text) return '';
  const fence = text.includes('`') ? '``' : '`';
  return cell(`${fence}${text}${fence}`);
}

/** A Markdown table; no rows, no table. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`.replaceAll(/ +\|/g, ' |');
  return [line(header), `|${header.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}

/** Paragraphs, tables and headings under one another; empty ones are left out. */
export function page(...blocks: readonly (string | undefined)[]): string {
  return `${blocks.filter((block) => block !== undefined && block.trim() !== '').join('\n\n')}\n`;
}

/** The address of a heading on a page, as GitHub and most renderers make it. */
export function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(/\s/g, '-');
}

/** `1 table`, `2 tables`. */
export function count(number: number, singular: string, plural = `${singular}s`): string {
  return `${number} ${number === 1 ? singular : plural}`;
}

/** The first sentence of a text. */
export function firstSentence(text: string): string {
  return /^[\s\S]*?[.!?](?=\s|$)/.exec(text)?.[0].replaceAll(/\s+/g, ' ') ?? text.replaceAll(/\s+/g, ' ');
}

/** Stands at the head of every generated page. */
export const generatedNotice =
  '<!-- Generated from the database by `stoa docs build`. Do not edit: change the comment in the migration or in sql/. -->';
