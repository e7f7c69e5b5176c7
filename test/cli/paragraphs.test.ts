import { describe, expect, it } from 'vitest';
import { labelledSql } from '../../src/cli/paragraphs.ts';

describe('SQL in the lines of a terminal', () => {
  it('is broken between its words, in 100 columns', () => {
    const sql = `select ${Array.from({ length: 60 }, (_, n) => `column_${n}`).join(', ')};`;
    const lines = labelledSql('  cure  ', sql);
    expect(lines.length).toBeGreaterThan(5);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(100);
    expect(lines[1]).toMatch(/^ {8}\S/);
    expect(lines.map((line) => line.slice(8)).join(' ')).toBe(sql);
  });

  it('keeps what stands in quotes, however long, so that it means the same when it is copied', () => {
    const text = `it''s "long" ${'and longer '.repeat(12)}`;
    const name = `"${'odd name '.repeat(12)}"`;
    const lines = labelledSql('  ', `comment on table core.${name} is '${text}';`).join('\n');
    expect(lines).toContain(`core.${name}`);
    expect(lines).toContain(`'${text}';`);
  });
});
