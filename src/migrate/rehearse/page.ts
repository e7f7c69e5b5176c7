import { escapeHtml } from '../../html.ts';
import type { RehearsalReport, RehearsedStatement, Stall } from './report.ts';

const style = `
  body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; color: #1b1b1b; background: #fff }
  table { border-collapse: collapse; width: 100%; margin: .5rem 0 2rem }
  th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #ddd; vertical-align: top }
  .number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums }
  .short { color: #0a6b2d } .felt { color: #8a5a00 } .long { color: #b00020; font-weight: 600 }
  code { font-size: 13px; white-space: pre-wrap }
  .failed { border-left: 4px solid #b00020; padding: .5rem 1rem; white-space: pre-wrap }
  @media (prefers-color-scheme: dark) {
    body { color: #e6e6e6; background: #161616 } th, td { border-color: #333 }
    .short { color: #6fd08c } .felt { color: #e0b050 } .long { color: #ff8080 }
  }`;

/** The report as a page for people: complete in one file, without scripts. */
export function rehearsalPage(report: RehearsalReport): string {
  const { database, madeAt, serverVersion, copy, migrations, probed, failure } = report;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Rehearsal of ${escapeHtml(database)}</title>
<style>${style}</style>
<h1>Rehearsal of ${escapeHtml(database)}</h1>
<p>${escapeHtml(madeAt)}, PostgreSQL ${escapeHtml(serverVersion)}; ${sourceOf(report)}, ${bytes(copy.bytes)}, made in ${time(copy.elapsedMs)}.</p>
${failure === null ? '' : `<p class="failed" role="alert">It failed:\n${escapeHtml(failure)}</p>`}
${migrations
  .map(
    (migration) => `<h2>${escapeHtml(migration.file)}</h2>
<p>${migration.elapsedMs === null ? 'Not applied.' : `${time(migration.elapsedMs)} in all. Until it had committed, a reader waited ${stall(migration.readerStall)} at most and a writer ${stall(migration.writerStall)}.`}</p>
${statementTable(migration.statements)}`,
  )
  .join('\n')}
<h2>Probes</h2>
<table>
<thead><tr><th>table</th><th class="number">reads</th><th class="number">usually</th><th class="number">writes</th><th class="number">usually</th><th>a write is</th></tr></thead>
<tbody>
${probed
  .map(
    (probe) =>
      `<tr><td>${escapeHtml(probe.table)}</td><td class="number">${probe.reads}</td><td class="number">${time(probe.readMs)}</td><td class="number">${probe.writes}</td><td class="number">${time(probe.writeMs)}</td><td>${probe.writesBy === 'row' ? 'an update of one row, undone' : 'the lock that a write takes'}</td></tr>`,
  )
  .join('\n')}
</tbody>
</table>
</html>
`;
}

export function sourceOf({ copy }: Pick<RehearsalReport, 'copy'>): string {
  switch (copy.from) {
    case 'template':
      return 'on a copy of its files';
    case 'rows':
      return 'on a copy of its rows';
    case 'backup':
      return 'on its newest backup';
  }
}

function statementTable(statements: readonly RehearsedStatement[]): string {
  if (statements.length === 0) return '';
  return `<table>
<thead><tr><th class="number">line</th><th>statement</th><th class="number">took</th><th class="number">a reader waited</th><th class="number">a writer waited</th><th class="number">WAL</th><th class="number">disk</th></tr></thead>
<tbody>
${statements
  .map(
    (each) =>
      `<tr><td class="number">${each.line}</td><td><code>${escapeHtml(each.text)}</code></td><td class="number">${time(each.elapsedMs)}</td><td class="number">${stall(each.readerStall)}</td><td class="number">${stall(each.writerStall)}</td><td class="number">${bytes(each.walBytes)}</td><td class="number">${bytes(each.diskBytes)}</td></tr>`,
  )
  .join('\n')}
</tbody>
</table>`;
}

function stall(found: Stall | null): string {
  if (found === null) return '—';
  const grade = found.ms < 100 ? 'short' : found.ms < 1_000 ? 'felt' : 'long';
  return `<span class="${grade}" title="${escapeHtml(found.table)}">${time(found.ms)}</span>`;
}

function time(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

export function bytes(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = Math.abs(count);
  let unit = 0;
  while (value >= 1_024 && unit < units.length - 1) {
    value /= 1_024;
    unit += 1;
  }
  return `${count < 0 ? '−' : ''}${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}
