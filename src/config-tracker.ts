import { z } from 'zod';
import { type Setting, webUrl, wholeNumber } from './setting-forms.ts';

/** The settings of how announces are taken. src/config.ts reads them with all others. */
export interface TrackerSettings {
  /** What announce addresses begin with. Without a slash at the end. */
  readonly publicUrl: string;
  /** How long the first announce of a set waits for others. */
  readonly collectMs: number;
  /** Announces of a set, at most. */
  readonly setSize: number;
  /** Announces that wait, at most. */
  readonly queue: number;
  /** Sets that are written at the same time. */
  readonly connections: number;
}

export const trackerSettings: readonly Setting[] = [
  {
    key: 'tracker.publicUrl',
    environment: ['STOA_TRACKER_PUBLIC_URL'],
    secret: false,
    summary:
      'Where BitTorrent clients reach this API: the beginning of the announce addresses in .torrent files.',
    defaultText: '`publicUrl`',
    schema: webUrl,
  },
  {
    key: 'tracker.collectMs',
    environment: ['STOA_TRACKER_COLLECT_MS'],
    secret: false,
    summary:
      'How long an announce waits for others, to be written in one statement with them, in milliseconds.',
    defaultText: '`5`',
    schema: wholeNumber(0, 10_000),
  },
  {
    key: 'tracker.setSize',
    environment: ['STOA_TRACKER_SET_SIZE'],
    secret: false,
    summary: 'Announces that one statement writes, at most.',
    defaultText: '`200`',
    schema: wholeNumber(1, 1_000),
  },
  {
    key: 'tracker.queue',
    environment: ['STOA_TRACKER_QUEUE'],
    secret: false,
    summary: 'Announces that wait in a process; more are told to come back.',
    defaultText: '`5000`',
    schema: wholeNumber(1, 100_000),
  },
  {
    key: 'tracker.connections',
    environment: ['STOA_TRACKER_CONNECTIONS'],
    secret: false,
    summary: 'Connections by which a process writes announces.',
    defaultText: '`2`',
    schema: wholeNumber(1, 32),
  },
];

/** The same with their types and defaults, for the list of all settings. */
export const trackerValues = {
  'tracker.publicUrl': z.string().optional(),
  'tracker.collectMs': z.number().default(5),
  'tracker.setSize': z.number().default(200),
  'tracker.queue': z.number().default(5_000),
  'tracker.connections': z.number().default(2),
};

const trackerShape = z.object(trackerValues);

export function trackerSettingsOf(values: z.infer<typeof trackerShape>, publicUrl: string): TrackerSettings {
  return Object.freeze({
    publicUrl: values['tracker.publicUrl'] ?? publicUrl,
    collectMs: values['tracker.collectMs'],
    setSize: values['tracker.setSize'],
    queue: values['tracker.queue'],
    connections: values['tracker.connections'],
  });
}
