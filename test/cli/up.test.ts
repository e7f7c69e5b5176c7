import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { dataFolder } from '../../src/data-folder.ts';
import { exitCodes } from '../../src/errors.ts';
import { readPostmasterFile } from '../../src/postgres/cluster.ts';
import { readPointer } from '../../src/postgres/embedded.ts';
import { isPortFree } from '../../src/postgres/port.ts';
import { isAlive } from '../../src/postgres/process-identity.ts';
import { type Project, temporaryProject } from '../harness/installation.ts';

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

async function untilDead(pid: number): Promise<void> {
  while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 20));
}

const whenUp = /GraphQL +(\S+)/;

describe('stoa up', async () => {
  const project = await temporaryProject();

  test('starts from nothing, answers, and stops on Ctrl-C without leaving a process', async () => {
    const stoa = project.start(['up']);
    const url = await stoa.says(whenUp);
    expect(await ask(url, '{ __typename }')).toEqual({ data: { __typename: 'Query' } });
    const server = serverOf(project);

    stoa.kill('SIGINT');
    const { code } = await stoa.ended;
    expect(code).toBe(exitCodes.ok);
    expect(isAlive(server.pid)).toBe(false);
    expect(await isPortFree(project.port)).toBe(true);
  });

  test('tells what is where, and its status names no secret', async () => {
    const stoa = project.start(['up']);
    await stoa.says(/Stop +Ctrl-C/);
    const status = await project.run(['status', '--json']);
    const text = await project.run(['status']);
    stoa.kill('SIGTERM');
    const { code, stdout, stderr } = await stoa.ended;
    expect(code).toBe(exitCodes.ok);
    expect(stdout).toMatch(/Explorer +http/);
    expect(stdout).toMatch(/PostgreSQL +postgres:/);

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
      migrations: z.strictObject({ applied: z.number().positive(), pending: z.array(z.string()).length(0) }),
      api: z.strictObject({ state: z.literal('answers'), url: z.url() }),
      worker: z.strictObject({ state: z.literal('running'), waiting: z.number(), failed: z.number() }),
      warnings: z.array(z.string()).length(0),
    });
    shape.parse(JSON.parse(status.stdout));

    const secrets = z
      .object({ postgres: z.record(z.string(), z.string()), secretKey: z.string() })
      .parse(JSON.parse(readFileSync(dataFolder(project.dataDir).secrets, 'utf8')));
    const written = [status, text, { stdout, stderr }].map((one) => one.stdout + one.stderr).join('');
    for (const secret of [...Object.values(secrets.postgres), secrets.secretKey])
      expect(written).not.toContain(secret);
  });

  test('is refused while another runs, and says where that one is', async () => {
    const stoa = project.start(['up']);
    const url = await stoa.says(whenUp);
    const second = await project.run(['up']);
    expect(second.code).toBe(exitCodes.busy);
    expect(second.stderr).toContain(`already running here: process ${stoa.pid}`);
    expect(second.stderr).toContain(url);

    expect((await project.run(['down'])).code).toBe(exitCodes.ok);
    expect((await stoa.ended).code).toBe(exitCodes.ok);
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
    next.kill('SIGINT');
    expect((await next.ended).code).toBe(exitCodes.ok);
  });

  test('recovers after it and its server were killed', async () => {
    const killed = project.start(['up']);
    await killed.says(whenUp);
    const server = serverOf(project);
    killed.kill('SIGKILL');
    process.kill(server.pid, 'SIGKILL');
    await killed.ended;
    await untilDead(server.pid);

    const next = project.start(['up']);
    await next.says(whenUp);
    next.kill('SIGINT');
    expect((await next.ended).code).toBe(exitCodes.ok);
  });

  test('ends with a sentence when its server is killed', async () => {
    const stoa = project.start(['up']);
    await stoa.says(whenUp);
    process.kill(serverOf(project).pid, 'SIGKILL');
    const { code, stderr } = await stoa.ended;
    expect(code).toBe(exitCodes.database);
    expect(stderr).toContain('PostgreSQL has ended, and nobody here stopped it.');
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

  test('takes another port for its server when the last one is taken, and remembers it', async () => {
    const before = readPointer(project.dataDir)?.port ?? 0;
    const other = createServer().listen(before, '127.0.0.1');
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
      stoa.kill('SIGINT');
      await stoa.ended;
    } finally {
      other.close();
    }
  });

  test('gives other programs the URL of each login', async () => {
    const stoa = project.start(['up']);
    await stoa.says(whenUp);
    const { stdout } = await project.run(['psql-url', '--role', 'gateway']);
    const { rows } = await queryAt(
      stdout.trim(),
      'select session_user, rolsuper from pg_roles where rolname = session_user',
    );
    expect(rows).toEqual([{ session_user: 'stoa_gateway', rolsuper: false }]);
    stoa.kill('SIGINT');
    await stoa.ended;

    const stopped = await project.run(['psql-url']);
    expect(stopped.code).toBe(exitCodes.database);
    expect(stopped.stdout).toBe('');
  });
});

describe('stoa up with chosen modules', async () => {
  const project = await temporaryProject();
  const hasForums = async (url: string): Promise<boolean> => {
    const answer = z
      .object({ data: z.object({ __type: z.object({ name: z.string() }).nullable() }) })
      .parse(await ask(url, '{ __type(name: "Forum") { name } }'));
    return answer.data.__type !== null;
  };

  test('leaves out what was not chosen, and migrates what is added later', async () => {
    const base = project.start(['up'], { STOA_MODULES: 'social' });
    expect(await hasForums(await base.says(whenUp))).toBe(false);
    base.kill('SIGINT');
    await base.ended;

    const more = project.start(['up'], { STOA_MODULES: 'forums' });
    expect(await hasForums(await more.says(whenUp))).toBe(true);
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
  test('because another major wrote it', async () => {
    const project = await temporaryProject();
    mkdirSync(join(project.dataDir, 'postgres', 'data'), { recursive: true });
    writeFileSync(join(project.dataDir, 'postgres', 'data', 'PG_VERSION'), '15\n');
    const { code, stderr } = await project.run(['up']);
    expect(code).toBe(exitCodes.database);
    expect(stderr).toContain('was written by PostgreSQL 15; this Stoa brings 18');
  });

  test('because a file is in the way', async () => {
    const project = await temporaryProject();
    writeFileSync(project.dataDir, '');
    const { code, stderr } = await project.run(['up']);
    expect(code).toBe(exitCodes.database);
    expect(stderr).toContain('cannot be used: a file is in the way');
  });

  // Root may write everywhere, so there is nothing to refuse.
  test.skipIf(process.getuid?.() === 0)('because it is read-only', async () => {
    const project = await temporaryProject();
    mkdirSync(project.dataDir, { mode: 0o500 });
    const { code, stderr } = await project.run(['up']);
    expect(code).toBe(exitCodes.database);
    expect(stderr).toContain('cannot be used: this user may not write there');
  });
});
