import { isTablespaceLink } from '../base/tar.ts';
import { DeltaWriter } from './delta.ts';
import type { BlockIndex } from './index-object.ts';

/** What a reader of a tar archive tells, one event after another. */
export type EntryEvent =
  | {
      readonly kind: 'begin' | 'end';
      readonly entry: {
        readonly path: string;
        readonly size: number;
        readonly mode: number;
        readonly kind: 'file' | 'folder' | 'link';
      };
    }
  /** The bytes may be overwritten once this was handled. */
  | { readonly kind: 'data'; readonly bytes: Buffer };

type Events = Iterable<EntryEvent> | AsyncIterable<EntryEvent>;

/**
 * The increment of a data directory against its parent, as a stream: what changed of the files that pass, and which are
 * gone. `writer.index` is complete when it has ended; the next increment is compared with it.
 */
export async function* incrementOf(events: Events, writer: DeltaWriter): AsyncGenerator<Buffer> {
  yield writer.begin();
  for await (const event of events) yield* recordsOf(event, writer);
  yield* writer.end();
}

function* recordsOf(event: EntryEvent, writer: DeltaWriter): Generator<Buffer> {
  if (event.kind === 'data') {
    yield* writer.data(event.bytes);
  } else if (event.entry.kind === 'folder') {
    if (event.kind === 'begin') yield writer.folder(event.entry.path, event.entry.mode);
  } else if (event.entry.kind === 'link') {
    // Of tablespaces: where they lie is in the entry of the backup, and decided anew by whoever restores.
    if (!isTablespaceLink(event.entry)) throw new TypeError(`${event.entry.path} is a link`);
  } else if (event.kind === 'begin') {
    writer.file(event.entry);
  } else {
    yield* writer.endOfFile();
  }
}

/** Takes one event after the other of a whole backup, whose bytes go elsewhere: `writer.index` is what comes of it. */
export function indexing(writer: DeltaWriter): (event: EntryEvent) => void {
  return (event) => {
    for (const _ of recordsOf(event, writer)) {
      // Only the hashes are wanted.
    }
  };
}

/** The index of a whole backup, of which increments can be taken later. */
export async function indexOf(events: Events): Promise<BlockIndex> {
  const writer = new DeltaWriter();
  for await (const _ of incrementOf(events, writer)) {
    // Only the hashes are wanted.
  }
  return writer.index;
}

/** Whatever takes an archive apart. */
export interface ArchiveReader {
  feed(bytes: Buffer): Iterable<EntryEvent>;
  /** Breaks when the archive was cut short. */
  end(): void;
}

/** What an archive holds, as it arrives. */
export async function* entriesOf(
  archive: AsyncIterable<Buffer>,
  reader: ArchiveReader,
): AsyncGenerator<EntryEvent> {
  for await (const bytes of archive) yield* reader.feed(bytes);
  reader.end();
}
