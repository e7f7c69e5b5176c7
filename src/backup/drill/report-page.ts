import { escapeHtml } from '../../html.ts';
import type { SignedReport } from './report.ts';

function seconds(value: number | null): string {
  return value === null ? 'not measured' : `${value.toFixed(1)} s`;
}

const words = { passed: 'passed', failed: 'FAILED', skipped: 'not tested' } as const;

/** The report as one page for people, with nothing to fetch. */
export function reportPage({ report, signature }: SignedReport): string {
  const { rpo, rto } = report;
  const facts: readonly (readonly [string, string])[] = [
    ['Backup', report.backup],
    ['Recovered to', report.target],
    ['Server', `${report.server ?? 'unknown'}, timeline ${report.timeline ?? 'unknown'}`],
    ['Begun', report.startedAt],
    ['Ended', report.finishedAt],
    [
      'Would have been lost (RPO)',
      `${rpo.reason ?? seconds(rpo.seconds)}; last transaction ${rpo.lastTransactionAt ?? 'unknown'}`,
    ],
    ['Would have taken (RTO)', seconds(rto.total - rto.checks)],
    ['of that: unpacking', seconds(rto.unpack)],
    ['of that: fetching the log', `${seconds(rto.log)}, ${report.walFiles ?? 'unknown number of'} files`],
    ['of that: recovery', seconds(rto.recover)],
    ['of that: erasures and logins', seconds(rto.finish)],
    ['Checks took', seconds(rto.checks)],
  ];
  const rows = report.checks.map(({ name, shows, state, evidence, findings, elapsedMs }) => {
    const figures = Object.entries(evidence)
      .map(([key, value]) => `${key} ${value}`)
      .join(', ');
    const list = findings.map((text) => `<li>${escapeHtml(text)}</li>`).join('');
    return `<tr class="${state}"><td><b>${escapeHtml(name)}</b><br>${escapeHtml(shows)}${list && `<ul>${list}</ul>`}</td>
<td>${words[state]}</td><td>${escapeHtml(figures)}</td><td>${elapsedMs} ms</td></tr>`;
  });
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Restore drill of ${escapeHtml(report.startedAt)}: ${report.verdict}</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-top: 1px solid #ccc; }
.failed td:nth-child(2) { color: #a00; font-weight: bold; }
.skipped { color: #666; }
code { overflow-wrap: anywhere; }
</style>
<h1>Restore drill: ${words[report.verdict]}</h1>
${report.failure === null ? '' : `<p class="failed">${escapeHtml(report.failure)}</p>`}
<table>${facts.map(([name, value]) => `<tr><th>${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`).join('\n')}</table>
<h2>What was looked at</h2>
<table><tr><th>Check</th><th>Result</th><th>Figures</th><th>Took</th></tr>
${rows.join('\n')}</table>
<h2>What was not tested</h2>
<ul>${report.notTested.map((text) => `<li>${escapeHtml(text)}</li>`).join('\n')}</ul>
<h2>Signature</h2>
<p>Ed25519, public key <code>${escapeHtml(signature.publicKey)}</code><br>signature <code>${escapeHtml(signature.value)}</code></p>
</html>
`;
}
