import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { placeOf } from '../wal/position.ts';
import { type CreatedTablespace, createdTablespaces, formOf } from './wal-records.ts';

/*
 * What a server does that replays the making of a tablespace: where the folder of that name is there, it makes a link to it
 * and writes into it, and asks nothing. On the machine of the source that is the folder of the living server, whose tables
 * are then overwritten with what they were. So, before anything is replayed, those records are made to name no
 * folder, which makes the tablespace in the data directory that is restored.
 */

interface LogFile {
  readonly path: string;
  readonly timeline: number;
  readonly start: bigint;
}

const segmentName = /^[0-9A-F]{24}(\.partial)?$/;

async function filesIn(folder: string, segmentSize: number): Promise<readonly LogFile[]> {
  const names = (await readdir(folder)).filter((name) => segmentName.test(name)).sort();
  return names.map((name) => ({
    path: join(folder, name),
    timeline: Number.parseInt(name.slice(0, 8), 16),
    start: placeOf(name, segmentSize).start,
  }));
}

/** Behind a file, or before it: of the same timeline, or of another where that one went on. */
function neighbour(files: readonly LogFile[], file: LogFile, start: bigint): LogFile | undefined {
  const all = files.filter((other) => other.start === start);
  return all.find(({ timeline }) => timeline === file.timeline) ?? all[0];
}

async function read(path: string, from: number, count: number, into: Buffer): Promise<number> {
  const handle = await open(path, 'r');
  try {
    return (await handle.read(into, 0, count, from)).bytesRead;
  } finally {
    await handle.close();
  }
}

/**
 * Lets the log in a folder make no tablespace outside of the data directory that it is replayed in, and says which it would
 * have made: `location` is where. They may lie behind the moment that is recovered to.
 */
export async function keepLogInside(
  folder: string,
  segmentSize: number,
): Promise<readonly CreatedTablespace[]> {
  const files = await filesIn(folder, segmentSize);
  const [first] = files;
  if (first === undefined) return [];
  const head = Buffer.alloc(40);
  await read(first.path, 0, head.length, head);
  const pageSize = formOf(head)?.pageSize ?? 8192;
  // A record may begin on the last page of the file before, and end on the first ones of the file behind.
  const bytes = Buffer.from(new ArrayBuffer(pageSize + segmentSize + 2 * pageSize));
  const created: CreatedTablespace[] = [];
  for (const file of files) {
    bytes.fill(0);
    const before = neighbour(files, file, file.start - BigInt(segmentSize));
    const behind = neighbour(files, file, file.start + BigInt(segmentSize));
    if (before) await read(before.path, segmentSize - pageSize, pageSize, bytes);
    await read(file.path, 0, segmentSize, bytes.subarray(pageSize));
    if (behind) await read(behind.path, 0, 2 * pageSize, bytes.subarray(pageSize + segmentSize));
    const start = file.start - BigInt(pageSize);
    for (const { patches, ...record } of createdTablespaces(bytes, start, pageSize)) {
      for (const { at, bytes: patch } of patches) {
        const place = at - pageSize;
        const [into, offset] =
          place < 0
            ? [before, segmentSize + place]
            : place < segmentSize
              ? [file, place]
              : [behind, place - segmentSize];
        if (into === undefined) throw new RangeError(`there is no file of the log for byte ${at}`);
        const handle = await open(into.path, 'r+');
        try {
          await handle.write(patch, 0, patch.length, offset);
        } finally {
          await handle.close();
        }
      }
      if (!created.some(({ oid }) => oid === record.oid)) created.push(record);
    }
  }
  return created;
}
