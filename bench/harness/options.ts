import { parseArgs } from 'node:util';

/** What the command line asks for. */
export interface BenchOptions {
  /** None: all of them. */
  readonly names: readonly string[];
  /** How often each form is measured, in all passes together. */
  readonly rounds: number;
  /** How often all benches are gone through, each time with a part of the rounds. */
  readonly passes: number;
  /** Of the community: 1 is 100,000 members and a million messages. */
  readonly scale: number;
  /** Of the community in which friends are suggested. */
  readonly members: number;
  /** Of the proposal that is closed. */
  readonly ballots: number;
  /** How long a form of a bench of rates is measured in a round. */
  readonly seconds: number;
  /** A folder of CSV files as `stoa import forums --format reddit-csv` takes them. */
  readonly posts: string | undefined;
  readonly list: boolean;
  readonly json: boolean;
  /** A file that receives what --json prints. */
  readonly save: string | undefined;
  /** A saved result to take the figures from, instead of measuring. */
  readonly from: string | undefined;
  /** A saved result to compare with. */
  readonly compare: string | undefined;
  readonly markdown: boolean;
}

/** What is wrong with the command line, in a sentence. */
export class UsageError extends Error {}

const usualPasses = 3;

export function readOptions(args: readonly string[], env: NodeJS.ProcessEnv): BenchOptions {
  const { values, positionals } = parse(args);
  const positive = (
    name: 'rounds' | 'passes' | 'scale' | 'members' | 'ballots' | 'seconds',
    isWhole: boolean,
  ): number => {
    const value = Number(values[name]);
    if (!(value > 0) || (isWhole && !Number.isInteger(value))) {
      throw new UsageError(`--${name} is a ${isWhole ? 'whole ' : ''}number above 0.`);
    }
    return value;
  };
  const rounds = positive('rounds', true);
  const passes = values.passes === undefined ? Math.min(usualPasses, rounds) : positive('passes', true);
  if (passes > rounds) {
    throw new UsageError(
      `--passes ${passes} is more than --rounds ${rounds}: each pass has one round at least.`,
    );
  }
  const options = {
    names: positionals,
    rounds,
    passes,
    scale: positive('scale', false),
    members: positive('members', true),
    ballots: positive('ballots', true),
    seconds: positive('seconds', false),
    posts: values.posts ?? (env['STOA_BENCH_POSTS'] || undefined),
    list: values.list,
    json: values.json,
    save: values.save,
    from: values.from,
    compare: values.compare,
    markdown: values.markdown,
  };
  if (options.markdown && options.json)
    throw new UsageError('--markdown and --json are two forms of one answer.');
  if (options.from !== undefined && !options.markdown && options.compare === undefined) {
    throw new UsageError('--from reads a saved result: say --compare FILE or --markdown as well.');
  }
  return options;
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        rounds: { type: 'string', default: '9' },
        passes: { type: 'string' },
        scale: { type: 'string', default: '0.1' },
        members: { type: 'string', default: '100000' },
        ballots: { type: 'string', default: '1000000' },
        seconds: { type: 'string', default: '0.7' },
        posts: { type: 'string' },
        list: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        save: { type: 'string' },
        from: { type: 'string' },
        compare: { type: 'string' },
        markdown: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
