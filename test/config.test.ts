import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ConfigInput, loadConfig, settings } from '../src/config.ts';
import { exitCodes, StoaError } from '../src/errors.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stoa-config-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const load = (input: ConfigInput = {}) => loadConfig({ env: {}, cwd: folder, ...input });

async function refusal(input: ConfigInput): Promise<StoaError> {
  const error: unknown = await load(input).catch((thrown: unknown) => thrown);
  if (error instanceof StoaError) return error;
  throw new Error(`not refused as expected: ${inspect(error)}`);
}

function writeSettings(values: object): void {
  writeFileSync(join(folder, 'stoa.config.json'), JSON.stringify(values));
}

describe('settings', () => {
  test('have defaults that need nothing', async () => {
    const config = await load();
    expect(config).toMatchObject({
      environment: 'development',
      databaseUrl: undefined,
      dataDir: join(folder, '.stoa'),
      host: '127.0.0.1',
      port: 5678,
      publicUrl: 'http://127.0.0.1:5678',
      modules: undefined,
      explorer: true,
      demo: true,
      argon2: { memoryKiB: 19_456, passes: 2, parallelism: 1, concurrency: 2, queue: 32 },
    });
  });

  test('come from flags before the environment, the environment before the file', async () => {
    writeSettings({ port: 1003, host: 'from.file', logLevel: 'warn' });
    const env = { STOA_PORT: '1002', STOA_HOST: 'from.environment' };
    const config = await load({ flags: { port: '1001' }, env });
    expect(config).toMatchObject({ port: 1001, host: 'from.environment', logLevel: 'warn' });
  });

  test('say how backups are compressed', async () => {
    const compressionFor = async (text: string) =>
      (await load({ env: { STOA_BACKUP_COMPRESSION: text } })).backup.compression;
    expect((await load()).backup.compression).toEqual({ method: 'zstd', level: 1 });
    expect(await compressionFor('zstd:12')).toEqual({ method: 'zstd', level: 12 });
    expect(await compressionFor('none')).toEqual({ method: 'none' });
    for (const text of ['zstd:0', 'zstd:20', 'zstd', 'gzip']) {
      const refused = await refusal({ env: { STOA_BACKUP_COMPRESSION: text } });
      expect(refused.message).toContain('none, or zstd:LEVEL');
    }
  });

  test('may be written in TypeScript', async () => {
    writeFileSync(
      join(folder, 'stoa.config.ts'),
      "const port: number = 1004;\nexport default { port, argon2: { passes: 3 }, modules: ['forums'] };\n",
    );
    const config = await load();
    expect(config).toMatchObject({ port: 1004, argon2: { passes: 3 }, modules: ['forums'] });
  });

  test('read secrets from a file of their own', async () => {
    const path = join(folder, 'database-url');
    writeFileSync(path, 'postgres://one@example/stoa\n');
    expect((await load({ env: { STOA_DATABASE_URL_FILE: path } })).databaseUrl).toBe(
      'postgres://one@example/stoa',
    );
    writeSettings({ databaseUrlFile: 'database-url' });
    expect((await load()).databaseUrl).toBe('postgres://one@example/stoa');
  });

  test('take an empty variable for one that is not set', async () => {
    expect(await load({ env: { STOA_MODULES: '', STOA_PORT: '' } })).toMatchObject({
      modules: undefined,
      port: 5678,
    });
  });

  test('in production load no demo data and show no explorer, unless told to', async () => {
    const production = { STOA_ENVIRONMENT: 'production' };
    expect(await load({ env: production })).toMatchObject({ demo: false, explorer: false });
    expect(await load({ env: { ...production, STOA_EXPLORER: 'yes' } })).toMatchObject({ explorer: true });
  });

  test.each([
    ['STOA_PORT', 'abc', 'STOA_PORT must be a whole number from 0 to 65535, not "abc".'],
    ['STOA_PORT', '70000', 'STOA_PORT must be a whole number from 0 to 65535, not "70000".'],
    ['PORT', '-1', 'PORT must be a whole number from 0 to 65535, not "-1".'],
    [
      'STOA_LOG_LEVEL',
      'loud',
      'STOA_LOG_LEVEL must be one of fatal, error, warn, info, debug, trace, silent, not "loud".',
    ],
    ['STOA_EXPLORER', 'maybe', 'STOA_EXPLORER must be true or false, not "maybe".'],
    [
      'STOA_PUBLIC_URL',
      'stoa.example',
      'STOA_PUBLIC_URL must be a URL such as https://community.example, not "stoa.example".',
    ],
    ['STOA_MODULES', 'forum', 'There is no module named "forum".'],
  ])('refuse %s=%s in a sentence that names it', async (variable, value, sentence) => {
    const error = await refusal({ env: { [variable]: value } });
    expect(error.message).toBe(sentence);
    expect(error.exitCode).toBe(exitCodes.configuration);
    expect(error.cure).toBeDefined();
  });

  test('of the file are named with the file', async () => {
    writeSettings({ argon2: { memoryKiB: 12 } });
    const tooLittle = await refusal({});
    expect(tooLittle.message).toBe(
      '"argon2.memoryKiB" in stoa.config.json must be a whole number from 8192 to 4194304, not 12.',
    );
    writeSettings({ prot: 80 });
    expect((await refusal({})).message).toBe('stoa.config.json has a setting that does not exist: prot.');
  });
});

describe('secrets', () => {
  const env = {
    DATABASE_URL: 'postgres://admin:first-secret@db/stoa',
    STOA_GATEWAY_URL: 'postgres://stoa_gateway:second-secret@db/stoa',
    STOA_ROLE_PASSWORD: 'third-secret',
    STOA_SECRET_KEY: Buffer.alloc(32, 'k').toString('base64'),
  };

  test('are left out wherever a configuration is printed', async () => {
    const config = await load({ env });
    for (const printed of [JSON.stringify(config), inspect(config, { depth: 5 }), `${Object.keys(config)}`]) {
      expect(printed).not.toMatch(/-secret|kkkk|a2tr/);
    }
    expect(config.secretKey?.length).toBe(32);
  });

  test('are not repeated by the sentence that refuses them', async () => {
    for (const variable of ['DATABASE_URL', 'STOA_SECRET_KEY']) {
      const error = await refusal({ env: { [variable]: 'mysql://admin:first-secret@db' } });
      expect(error.message).toContain(variable);
      expect(`${error.message}${error.cure}`).not.toContain('first-secret');
    }
  });

  test('have no option on the command line, which everybody on the machine can read', () => {
    expect(settings.filter(({ secret, flag }) => secret && flag !== undefined)).toEqual([]);
  });
});

test('docs/configuration.md lists every setting as it is', () => {
  const page = readFileSync(new URL('../docs/configuration.md', import.meta.url), 'utf8');
  for (const { key, environment, flag, secret, defaultText, summary } of settings) {
    const variables = environment.map((name) => `\`${name}\``).join(', ');
    const option = flag === undefined ? (secret ? 'secret' : '') : `\`${flag}\``;
    expect(page).toContain(`| \`${key}\` | ${variables} | ${option} | ${defaultText} | ${summary} |`);
  }
});
