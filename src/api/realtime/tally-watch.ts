import type { RealtimeBus } from './bus.ts';
import type { ClaimsQuery } from './claims.ts';
import { readTally } from './topics/proposal-tally.ts';
import type { Turns } from './turns.ts';

type ReadAs = <Result>(work: (query: ClaimsQuery) => Promise<Result>) => Promise<Result>;

interface Watched {
  /** Each follower brings a way to read: the first of them looks for all. */
  readonly followers: Set<ReadAs>;
  timer: NodeJS.Timeout;
  last: string | undefined;
}

/**
 * Looks at running votes: sixteen rows once a second for each proposal that somebody in this process follows, whatever the
 * number of ballots and of followers. A change is only told; each follower reads the result under its own rights.
 */
export class TallyWatch {
  readonly #options: { readonly bus: RealtimeBus; readonly turns: Turns; readonly everyMs: number };
  readonly #watched = new Map<string, Watched>();

  constructor(options: { readonly bus: RealtimeBus; readonly turns: Turns; readonly everyMs: number }) {
    this.#options = options;
  }

  follow(proposalId: string, readAs: ReadAs): () => void {
    const watched = this.#watched.get(proposalId) ?? this.#start(proposalId);
    watched.followers.add(readAs);
    return () => {
      watched.followers.delete(readAs);
      if (watched.followers.size > 0) return;
      clearTimeout(watched.timer);
      this.#watched.delete(proposalId);
    };
  }

  #start(proposalId: string): Watched {
    const watched: Watched = { followers: new Set(), timer: this.#later(proposalId), last: undefined };
    this.#watched.set(proposalId, watched);
    return watched;
  }

  #later(proposalId: string): NodeJS.Timeout {
    return setTimeout(() => void this.#look(proposalId), this.#options.everyMs).unref();
  }

  async #look(proposalId: string): Promise<void> {
    const watched = this.#watched.get(proposalId);
    const [readAs] = watched?.followers ?? [];
    if (!watched || !readAs) return;
    const { bus, turns } = this.#options;
    const endTurn = await turns.take();
    try {
      const [row] = await readAs((query) => query.rows('proposal_tally', readTally, [proposalId]));
      const state = JSON.stringify(row);
      if (state !== watched.last) {
        watched.last = state;
        bus.tell({ topic: 'tally', key: proposalId, detail: undefined });
      }
    } catch {
      // Whatever this is, the followers meet it when they read for themselves, and are told.
      watched.last = undefined;
      bus.tell({ topic: 'tally', key: proposalId, detail: undefined });
    } finally {
      endTurn();
      if (this.#watched.get(proposalId) === watched) watched.timer = this.#later(proposalId);
    }
  }
}
