import { busKey } from '../bus.ts';
import type { Topic } from '../topic.ts';

export interface ProposalTallyEvent {
  readonly proposalId: string;
  /** Null while the running result is not to be seen. */
  readonly tallyOf: string | null;
}

interface Row {
  readonly status: string;
  readonly tally: string | null;
}

/** Has the running vote looked at while this listener follows it; the result ends that. See tally-watch.ts. */
export type FollowTally = (proposalId: string) => () => void;

/**
 * The result of a vote as it stands, and how it ends. What is announced is only that the vote opens or closes: ballots
 * are cast by the thousands a second, and commits that announce stand in line. Where members may see the running result,
 * it is looked at once a second for each proposal that somebody follows.
 */
export function proposalTally(proposalId: string, followTally: FollowTally): Topic<ProposalTallyEvent> {
  let shown: string | undefined;
  let stopFollowing: (() => void) | undefined;
  return {
    async read(query, _news, watch) {
      const isFirst = shown === undefined;
      if (isFirst) watch([busKey('proposal', proposalId), busKey('tally', proposalId)]);
      const [row] = await query.rows<Row>('proposal_tally', readTally, [proposalId]);
      if (!row) return query.refuse(isFirst ? 'proposal.unknown' : 'subscription.access_lost');
      const isRunning = row.status === 'active' && row.tally !== null;
      if (isRunning) stopFollowing ??= followTally(proposalId);
      else {
        stopFollowing?.();
        stopFollowing = undefined;
      }
      const isLast = ['passed', 'rejected', 'expired'].includes(row.status);
      const state = JSON.stringify(row);
      if (state === shown) return { isLast };
      shown = state;
      return { event: { proposalId, tallyOf: row.tally === null ? null : proposalId }, isLast };
    },
    end() {
      stopFollowing?.();
    },
  };
}

/** The tally is refused where it may not be seen; so it is asked for where it may. */
export const readTally = `
  select
    proposal.status,
    case
      when proposal.status = 'draft' then null
      when proposal.status <> 'active' or (governance.ballots_are_open() and core.current_role_rank() >= 1)
        then governance.tally(proposal.id)::text
    end as tally
  from governance.proposals as proposal
  where proposal.id = $1
`;
