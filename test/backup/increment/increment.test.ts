import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, describe, expect, test } from 'vitest';
import { DeltaWriter } from '../../../src/backup/increment/delta.ts';
import { type EntryEvent, incrementOf, indexOf } from '../../../src/backup/increment/entries.ts';
import { BlockIndex, blockSize } from '../../../src/backup/increment/index-object.ts';
import { layIncrement } from '../../../src/backup/increment/lay.ts';
import { stopAll, TestServer } from '../wal/scene.ts';

const root = mkdtempSync(join(tmpdir(), 'stoa-increment-'));
chmodSync(root, 0o755);
afterAll(async () => {
  await stopAll();
  rmSync(root, { recursive: true, force: true });
});

/** Everything in a folder, as the reader of a tar archive tells it, in pieces of an odd size. */
function* events(folder: string): Generator<EntryEvent> {
  // One buffer for all, filled again and again, as a socket does.
  const shared = Buffer.alloc(10_007);
  for (const found of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    const whole = join(found.parentPath, found.name);
    const { size, mode } = statSync(whole);
    const kind = found.isDirectory() ? 'folder' : 'file';
    const entry = {
      path: relative(folder, whole),
      size: kind === 'file' ? size : 0,
      mode: mode & 0o777,
      kind,
    } as const;
    yield { kind: 'begin', entry };
    if (kind === 'file') {
      const content = readFileSync(whole);
      for (let at = 0; at < content.length; at += shared.length) {
        const length = content.copy(shared, 0, at, at + shared.length);
        yield { kind: 'data', bytes: shared.subarray(0, length) };
      }
    }
    yield { kind: 'end', entry };
  }
}

function contentOf(folder: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    readdirSync(folder, { withFileTypes: true, recursive: true })
      .filter((found) => found.isFile())
      .map((found): [string, string] => {
        const whole = join(found.parentPath, found.name);
        return [relative(folder, whole), createHash('sha256').update(readFileSync(whole)).digest('hex')];
      })
      .sort(),
  );
}

async function deltaOf(folder: string, parent: BlockIndex) {
  const writer = new DeltaWriter(parent);
  const bytes = await buffer(Readable.from(incrementOf(events(folder), writer)));
  return { bytes, index: writer.index, changedBlocks: writer.changedBlocks, blocks: writer.blocks };
}

function inPieces(bytes: Buffer, size: number): Readable {
  return Readable.from(
    (function* pieces() {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
    })(),
    { objectMode: false },
  );
}

/** A number below `limit`, the same in every run. */
function numbers(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state % limit;
  };
}

/** Sizes around those of blocks, where counting goes wrong. */
const sizes = [0, 1, blockSize - 1, blockSize, blockSize + 1, 3 * blockSize, 140 * blockSize + 77];

function change(folder: string, below: (limit: number) => number): void {
  for (let step = 0; step < 6; step += 1) {
    const path = join(folder, `file-${below(8)}`);
    const content = Buffer.from(
      readdirSync(folder).includes(path.slice(folder.length + 1)) ? readFileSync(path) : '',
    );
    const what = below(5);
    if (what === 0) rmSync(path, { force: true });
    else if (what === 1) writeFileSync(path, randomBytes(sizes[below(sizes.length)] ?? 0));
    else if (what === 2) writeFileSync(path, content.subarray(0, below(content.length + 1)));
    else if (what === 3)
      writeFileSync(path, Buffer.concat([content, randomBytes(sizes[below(sizes.length)] ?? 0)]));
    else if (content.length > 0) {
      content.writeUInt8(content.readUInt8(below(content.length)) ^ 255, below(content.length));
      writeFileSync(path, content);
    }
  }
}

describe('an increment', () => {
  test('laid over its parent gives what was there, whatever happened to the files in between', async () => {
    const below = numbers(7);
    const source = join(root, 'random');
    const restored = join(root, 'random-restored');
    mkdirSync(source);
    change(source, below);
    cpSync(source, restored, { recursive: true });
    let index = await indexOf(events(source));
    for (let round = 0; round < 15; round += 1) {
      change(source, below);
      const delta = await deltaOf(source, BlockIndex.decode(index.encode()));
      index = delta.index;
      await layIncrement(inPieces(delta.bytes, 1 + below(70_000)), { folder: restored });
      expect(contentOf(restored), `round ${round}`).toEqual(contentOf(source));
    }
  });

  test('holds one block where one byte changed', async () => {
    const source = join(root, 'small');
    mkdirSync(source);
    const content = randomBytes(100 * blockSize);
    writeFileSync(join(source, 'relation'), content);
    const index = await indexOf(events(source));
    content.writeUInt8(content.readUInt8(50 * blockSize + 3) ^ 1, 50 * blockSize + 3);
    writeFileSync(join(source, 'relation'), content);
    const delta = await deltaOf(source, index);
    expect(delta).toMatchObject({ changedBlocks: 1, blocks: 100 });
    expect(delta.bytes.length).toBeLessThan(blockSize + 200);
  });

  test('is not laid when it is damaged, cut short, or laid over another parent', async () => {
    const source = join(root, 'damage');
    mkdirSync(source);
    writeFileSync(join(source, 'a'), randomBytes(20 * blockSize));
    const index = await indexOf(events(source));
    const parent = join(root, 'damage-parent');
    cpSync(source, parent, { recursive: true });
    const content = readFileSync(join(source, 'a'));
    content.fill(1, 3 * blockSize, 3 * blockSize + 10);
    writeFileSync(join(source, 'a'), content);
    const { bytes } = await deltaOf(source, index);
    const lay = async (delta: Buffer, over = parent): Promise<void> => {
      const folder = mkdtempSync(join(root, 'laid-'));
      cpSync(over, folder, { recursive: true });
      await layIncrement(inPieces(delta, 5_000), { folder });
    };
    await lay(bytes);
    for (const at of [0, 9, 5_000, bytes.length - 60, bytes.length - 1]) {
      const flipped = Buffer.from(bytes);
      flipped.writeUInt8(flipped.readUInt8(at) ^ 1, at);
      await expect(lay(flipped), `byte ${at}`).rejects.toMatchObject({ code: 'backup.damaged' });
    }
    for (const cut of [1, 50, 4_000]) {
      await expect(lay(bytes.subarray(0, bytes.length - cut))).rejects.toMatchObject({
        code: 'backup.damaged',
      });
    }
    const other = join(root, 'damage-other');
    mkdirSync(other);
    writeFileSync(join(other, 'a'), randomBytes(20 * blockSize));
    await expect(lay(bytes, other)).rejects.toMatchObject({ code: 'backup.damaged' });
    const text = index.encode();
    expect(() => BlockIndex.decode(text.subarray(0, text.length - 1))).toThrow('cut short');
  });

  test('of a cluster brings its visibility map along: counts by index are right after two of them', async () => {
    const server = new TestServer(root, 'increment');
    const restored = new TestServer(root, 'laid');
    server.initialise();
    await server.start({ autovacuum: 'off' });
    await server.query(
      `create table kept as select n, repeat('x', 200) as filler from generate_series(1, 20000) as n`,
    );
    await server.query('create unique index on kept (n)');
    await server.query('vacuum kept');
    await server.stop();
    server.copyTo(restored.data);
    let index = await indexOf(events(server.data));
    for (const statement of [
      'delete from kept where n % 100 = 0',
      `update kept set filler = 'y' where n % 7 = 0; insert into kept select n, '' from generate_series(20001, 30000) as n`,
    ]) {
      await server.start({ autovacuum: 'off' });
      await server.query(statement);
      await server.stop();
      const delta = await deltaOf(server.data, index);
      index = delta.index;
      expect(delta.changedBlocks).toBeLessThan(delta.blocks / 2);
      await layIncrement(inPieces(delta.bytes, 65_536), { folder: restored.data });
      expect(contentOf(restored.data)).toEqual(contentOf(server.data));
    }
    restored.putBack(cloneOf(restored.data));
    await restored.start({ autovacuum: 'off' });
    await restored.query('create extension pg_visibility');
    const [row] = await restored.query(`
      select
        (select count(*) from pg_check_visible('kept')) as wrongly_visible,
        (select count(*) from kept where n > 0) as rows`);
    expect(row).toEqual({ wrongly_visible: '0', rows: String(20_000 - 200 + 10_000) });
    await restored.stop('immediate');
    restored.remove();
    server.remove();
  });
});

/** Copied aside, so that it can be given to the user who runs the server. */
function cloneOf(folder: string): string {
  const clone = join(root, 'clone');
  cpSync(folder, clone, { recursive: true, preserveTimestamps: true });
  return clone;
}
