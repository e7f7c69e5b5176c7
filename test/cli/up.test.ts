import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { z } from 'zod';
import { dataFolder } from '../../src/data-folder.ts';
import { exitCodes } from '../../src/errors.ts';
import { readPostmasterFile } from '../../src/postgres/cluster.ts';
import { withDatabase } from '../../src/postgres/connect.ts';
import { readPointer } from '../../src/postgres/embedded.ts';
import { isPortFree } from '../../src/postgres/port.ts';
import { isAlive } from '../../src/postgres/process-identity.ts';
import { type Project, type RunningStoa, temporaryProject } from '../harness/installation.ts';

function serverOf(project: Project): { pid: number; port: number } {
  const pointer = readPointer(project.dataDir);
  const postmaster = pointer && readPostmasterFile(pointer.folder);
  if (!pointer || !postmaster) throw new Error('no server has the data folder');
  return { pid: postmaster.pid, port: pointer.port };
}

async function ask(url: string, query: string): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  return response.json();
}

async function queryAt(url: string, text: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await client.query(text);
  } finally {
    await client.end();
  }
}

const program = fileURLToPath(new URL('../../bin/stoa', import.meta.url));
const whenUp = /GraphQL +(\S+)/;

describe('stoa up', async () => {
  const project = await temporaryProject();

  describe('while it runs', () => {
    let stoa: RunningStoa;
    let url = '';
    let server = { pid: 0, port: 0 };
    beforeAll(async () => {
      stoa = project.start(['up']);
      url = await stoa.says(whenUp);
      await stoa.says(/Stop +Ctrl-C/);
      server = serverOf(project);
    });

    test('answers at the address that it printed', async () => {
      expect(await ask(url, '{ __typename }')).toEqual({ data: { __typename: 'Query' } });
    });

    test('has a status for machines and for people, and neither names a secret', async () => {
      const status = await project.run(['status', '--json']);
      const text = await project.run(['status']);
      expect(status.code).toBe(exitCodes.ok);
      const shape = z.strictObject({
        stoa: z.strictObject({ version: z.string(), node: z.string() }),
        modules: z.array(z.string()),
        process: z.strictObject({
          pid: z.literal(stoa.pid),
          command: z.literal('up'),
          startedAt: z.iso.datetime(),
        }),
        database: z.strictObject({
          kind: z.literal('embedded'),
          state: z.literal('running'),
          version: z.string().startsWith('18.'),
          url: z.string().includes(':***@'),
          sizeBytes: z.number().positive(),
          areLoginsSeparate: z.literal(true),
        }),
        migrations: z.strictObject({
          applied: z.number().positive(),
          pending: z.array(z.string()).length(0),
        }),
        api: z.strictObject({ state: z.literal('answers'), url: z.literal(url) }),
        worker: z.strictObject({ state: z.literal('running'), waiting: z.number(), failed: z.number() }),
        warnings: z.array(z.string()).length(0),
      });
      shape.parse(JSON.parse(status.stdout));

      const secrets = z
        .object({ postgres: z.record(z.string(), z.string()), secretKey: z.string() })
        .parse(JSON.parse(readFileSync(dataFolder(project.dataDir).secrets, 'utf8')));
      const written = status.stdout + text.stdout + stoa.written();
      for (const secret of [...Object.values(secrets.postgres), secrets.secretKey]) {
        expect(written).not.toContain(secret);
      }
    });

    test('lets nobody else read its secrets', () => {
      expect(statSync(dataFolder(project.dataDir).secrets).mode & 0o777).toBe(0o600);
    });

    test('refuses a second start, and says where the first is', async () => {
      const second = await project.run(['up']);
      expect(second.code).toBe(exitCodes.busy);
      expect(second.stderr).toContain(`already running here: process ${stoa.pid}`);
      expect(second.stderr).toContain(url);
    });

    test('gives other programs the URL of each login', async () => {
      const { stdout } = await project.run(['psql-url', '--role', 'gateway']);
      const { rows } = await queryAt(
        stdout.trim(),
        'select session_user, rolsuper from pg_roles where rolname = session_user',
      );
      expect(rows).toEqual([{ session_user: 'stoa_gateway', rolsuper: false }]);
    });

    test('stops on Ctrl-C without leaving a process', async () => {
      stoa.kill('SIGINT');
      const { code } = await stoa.ended;
      expect(code).toBe(exitCodes.ok);
      expect(isAlive(server.pid)).toBe(false);
      expect(await isPortFree(project.port)).toBe(true);
      expect((await project.run(['psql-url'])).code).toBe(exitCodes.database);
    });
  });

  test('recovers after it was killed, although its server outlived it', async () => {
    const killed = project.start(['up']);
    await killed.says(whenUp);
    const { stdout } = await project.run(['psql-url']);
    await queryAt(stdout.trim(), 'create table public.kept as select 42 as answer');
    const left = serverOf(project);
    killed.kill('SIGKILL');
    await killed.ended;
    expect(isAlive(left.pid)).toBe(true);

    const next = project.start(['up']);
    await next.says(whenUp);
    expect(isAlive(left.pid)).toBe(false);
    const { rows } = await queryAt(stdout.trim(), 'table public.kept');
    expect(rows).toEqual([{ answer: 42 }]);
    // The next test finds both of them killed.
    process.kill(serverOf(project).pid, 'SIGKILL');
    next.kill('SIGKILL');
    await next.ended;
  });

  test('recovers after it and its server were killed, and ends with a sentence when only the server is', async () => {
    const stoa = project.start(['up']);
    await stoa.says(whenUp);
    process.kill(serverOf(project).pid, 'SIGKILL');
    const { code, stderr } = await stoa.ended;
    expect(code).toBe(exitCodes.database);
    expect(stderr).toContain('PostgreSQL has ended, and nobody here stopped it.');
  });

  test('stops when the process that chose its Node is killed', async () => {
    const child = spawn(process.execPath, [program, 'up'], {
      cwd: project.folder,
      env: {
        ...process.env,
        STOA_DATA_DIR: project.dataDir,
        STOA_PORT: String(project.port),
        STOA_DEMO: 'false',
        STOA_NODE_CHOSEN: '1',
      },
      stdio: ['ignore', 'pipe', 'ignore', 'ipc'],
    });
    const ended = once(child, 'exit');
    for await (const text of child.stdout ?? []) if (whenUp.test(String(text))) break;
    child.disconnect();
    expect(await ended).toEqual([exitCodes.ok, null]);
  });

  test('names the port that is taken', async () => {
    const other = createServer().listen(project.port, '127.0.0.1');
    try {
      const { code, stderr } = await project.run(['up']);
      expect(code).toBe(exitCodes.busy);
      expect(stderr).toContain(`Port ${project.port} on 127.0.0.1 is taken`);
    } finally {
      other.close();
    }
  });

  test('takes another port for its server when that is taken, and is stopped from another terminal', async () => {
    const before = readPointer(project.dataDir)?.port ?? 0;
    // Another installation of this machine may already have it, which is the same case.
    const other = createServer();
    await new Promise<void>((resolve, reject) => {
      other.once('listening', resolve).once('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'EADDRINUSE') resolve();
        else reject(error);
      });
      other.listen(before, '127.0.0.1');
    });
    try {
      const stoa = project.start(['up']);
      await stoa.says(whenUp);
      const { port } = serverOf(project);
      expect(port).not.toBe(before);
      const { rows } = await queryAt(
        (await project.run(['psql-url'])).stdout.trim(),
        'select inet_server_port()',
      );
      expect(rows).toEqual([{ inet_server_port: port }]);

      expect((await project.run(['down'])).code).toBe(exitCodes.ok);
      expect((await stoa.ended).code).toBe(exitCodes.ok);
    } finally {
      other.close();
    }
  });
});

describe('stoa up on a server that exists', async () => {
  const project = await temporaryProject();
  const database = `stoa_up_${randomBytes(6).toString('hex')}`;
  const env = { DATABASE_URL: withDatabase(inject('serverUrl'), database) };
  afterAll(() => queryAt(inject('serverUrl'), `drop database if exists ${database} with (force)`));

  test('makes the database, starts no server, and warns that the logins are one', async () => {
    const stoa = project.start(['up'], env);
    const url = await stoa.says(whenUp);
    expect(await ask(url, '{ __typename }')).toEqual({ data: { __typename: 'Query' } });
    expect(readPointer(project.dataDir)).toBeUndefined();

    const status = JSON.parse((await project.run(['status', '--json'], env)).stdout);
    expect(status).toMatchObject({
      database: { kind: 'server', state: 'running', areLoginsSeparate: false },
      worker: { state: 'running' },
      warnings: [expect.stringContaining('STOA_GATEWAY_URL')],
    });
    stoa.kill('SIGTERM');
    expect((await stoa.ended).code).toBe(exitCodes.ok);
  });

  test('says so when none answers', async () => {
    const { code, stderr } = await project.run(['up'], {
      DATABASE_URL: 'postgres://somebody:a-password@127.0.0.1:1/stoa',
    });
    expect(code).toBe(exitCodes.database);
    expect(stderr).toContain('No PostgreSQL answers at postgres://somebody:***@127.0.0.1:1/stoa');
  });
});

describe('stoa up with chosen modules', async () => {
  const project = await temporaryProject({ isClosed: true });
  const has = async (url: string, type: string): Promise<boolean> => {
    const answer = z
      .object({ data: z.object({ __type: z.object({ name: z.string() }).nullable() }) })
      .parse(await ask(url, `{ __type(name: "${type}") { name } }`));
    return answer.data.__type !== null;
  };

  test('leaves out what was not chosen, and migrates what is added later', async () => {
    const base = project.start(['up'], { STOA_MODULES: 'social' });
    expect(await has(await base.says(whenUp), 'Forum')).toBe(false);
    base.kill('SIGINT');
    await base.ended;

    const more = project.start(['up'], { STOA_MODULES: 'forums,groups' });
    const url = await more.says(whenUp);
    expect([await has(url, 'Forum'), await has(url, 'Group')]).toEqual([true, true]);
    expect(await has(url, 'MessageAnalysis')).toBe(false);
    more.kill('SIGINT');
    expect((await more.ended).stderr).toMatch(/\d+ migrations? applied/);
  });

  test('names a module that does not exist', async () => {
    const { code, stderr } = await project.run(['up'], { STOA_MODULES: 'forum' });
    expect(code).toBe(exitCodes.configuration);
    expect(stderr).toContain('There is no module named "forum"');
  });
});

describe('a data folder that cannot be used', async () => {
  const [older, withoutVersion, withoutSettings, unreachable, blocked, readOnly] = [
    await temporaryProject(),
    await temporaryProject(),
    await temporaryProject(),
    await temporaryProject(),
    await temporaryProject(),
    await temporaryProject(),
  ];

  test('because another major wrote it', async () => {
    const project = older;
    mkdirSync(join(project.dataDir, 'postgres', 'data'), { recursive: true });
    writeFileSync(join(project.dataDir, 'postgres', 'data', 'PG_VERSION'), '15\n');
    const { code, stderr } = await project.run(['up']);
    expect(code).toBe(exitCodes.database);
    expect(stderr).toContain('was written by PostgreSQL 15; this Stoa brings 18');
  });

  test.each([
    ['PG_VERSION', withoutVersion, 'postgresql.conf', ''],
    ['postgresql.conf', withoutSettings, 'PG_VERSION', '18\n'],
  ])(
    'because its cluster has lost %s, and leaves the rest alone',
    async (missing, project, present, content) => {
      const data = join(project.dataDir, 'postgres', 'data');
      mkdirSync(data, { recursive: true });
      chmodSync(project.folder, 0o755);
      writeFileSync(join(data, present), content);
      const { code, stderr } = await project.run(['up']);
      expect(code).toBe(exitCodes.database);
      expect(stderr).toContain(`is incomplete: ${missing} is missing.`);
      expect(readdirSync(data)).toContain(present);
    },
  );

  // Only root gives the server to another user.
  test.skipIf(process.getuid?.() !== 0)('because the server cannot reach the cluster there', async () => {
    const project = unreachable;
    const data = join(project.dataDir, 'postgres', 'data');
    mkdirSync(data, { recursive: true });
    chmodSync(project.folder, 0o700);
    writeFileSync(join(data, 'PG_VERSION'), '18\n');
    const { code, stderr } = await project.run(['up']);
    expect(code).toBe(exitCodes.database);
    expect(stderr).toContain('who runs the server, may not go there');
  });

  test('because a file is in the way', async () => {
    const project = blocked;
    writeFileSync(project.dataDir, '');
    const { code, stderr } = await project.run(['up']);
    expect(code).toBe(exitCodes.database);
    expect(stderr).toContain('cannot be used: a file is in the way');
  });

  // Root may write everywhere, so there is nothing to refuse.
  test.skipIf(process.getuid?.() === 0)('because it is read-only', async () => {
    const project = readOnly;
    mkdirSync(project.dataDir, { mode: 0o500 });
    const { code, stderr } = await project.run(['up']);
    expect(code).toBe(exitCodes.database);
    expect(stderr).toContain('cannot be used: this user may not write there');
  });
});
