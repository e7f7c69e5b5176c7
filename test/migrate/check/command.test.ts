import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { exitCodes } from '../../../src/errors.ts';
import { checkMigrations } from '../../../src/migrate/check/check.ts';
import { comparePages, rulePages } from '../../../src/migrate/check/pages.ts';
import { projectRoot } from '../../../src/migrate/root.ts';
import { temporaryProject } from '../../harness/installation.ts';

const folder = await temporaryProject();

it('the migrations of this repository that are not released have nothing that hurts', async () => {
  const { findings, askedSquawk } = await checkMigrations();
  expect(findings.filter(({ level }) => level !== 'note')).toEqual([]);
  expect(askedSquawk).toBe(true);
});

describe('stoa migrate check', () => {
  const file = join(folder.folder, '20990101000000_bad.sql');
  writeFileSync(
    file,
    '-- Why: a test.\n\n-- Up Migration\ntruncate core.users;\nalter table core.users rename to people;\n',
  );

  it('prints findings within 100 columns and exits with 6', async () => {
    const { code, stdout } = await folder.run(['migrate', 'check', file]);
    expect(code).toBe(exitCodes.checkFailed);
    expect(stdout).toContain('4 | truncate core.users;');
    expect(stdout).toContain('error truncate');
    for (const line of stdout.split('\n')) {
      if (!line.includes(folder.folder)) expect(line.length).toBeLessThanOrEqual(100);
    }
  });

  it('speaks to machines: JSON, annotations of GitHub, SARIF', async () => {
    const json = await folder.run(['migrate', 'check', '--json', file]);
    expect(json.code).toBe(exitCodes.checkFailed);
    expect(JSON.parse(json.stdout)).toMatchObject({
      isClean: false,
      findings: [
        { rule: 'truncate', line: 4, locks: [{ relation: 'core.users', mode: 'AccessExclusive' }] },
        { rule: 'rename', line: 5 },
      ],
    });
    const github = await folder.run(['migrate', 'check', '--format', 'github', file]);
    expect(github.stdout).toMatch(
      /^::error file=[^,]*20990101000000_bad\.sql,line=4,col=1,title=truncate::every row/,
    );
    const sarif = await folder.run(['migrate', 'check', '--format', 'sarif', file]);
    expect(JSON.parse(sarif.stdout)).toMatchObject({
      version: '2.1.0',
      runs: [
        {
          tool: { driver: { name: 'stoa', rules: [{ id: 'rename' }, { id: 'truncate' }] } },
          results: [
            {
              ruleId: 'truncate',
              level: 'error',
              locations: [{ physicalLocation: { region: { startLine: 4 } } }],
            },
            { ruleId: 'rename' },
          ],
        },
      ],
    });
  });

  it('explains a file that is not there', async () => {
    const { code, stderr } = await folder.run(['migrate', 'check', 'nothing/20990101000000_x.sql']);
    expect(code).toBe(exitCodes.usage);
    expect(stderr).toContain('There is no file nothing/20990101000000_x.sql');
  });
});

// The pages say what the newest major does.
it.skipIf(inject('templateDatabase').endsWith('pg15'))(
  'the pages under docs/rules/ are current',
  async () => {
    const pages = await rulePages(inject('serverUrl'));
    expect(await comparePages(join(projectRoot, 'docs', 'rules'), pages)).toEqual([]);
  },
);
