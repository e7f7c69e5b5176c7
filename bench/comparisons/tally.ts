import type { Client } from 'pg';
import { connect } from '../../src/postgres/connect.ts';
import type { LastingBench } from '../harness/bench.ts';
import { literal, planOf } from '../harness/in-server.ts';
import type { BenchReport } from '../harness/report.ts';
import { alternate, type Rounds } from '../harness/rounds.ts';

/** A proposal whose time is over, with so many ballots; and the same ballots with only their key. */
async function fill(client: Client, ballots: number): Promise<string> {
  await client.query(`
    begin;
    set local session_replication_role = 'replica';
    set local synchronous_commit = off;
    create schema bench_tally;
    create temporary table proposal on commit drop as
      select core.uuidv7() as id, (select id from governance.tokens limit 1) as token,
        (select id from core.users where not is_system order by id limit 1) as proposer;
    create temporary table ballots on commit drop as
      select core.uuidv7() as voter, n,
        case when n % 10 < 1 then 'abstain' when n % 10 < 7 then 'yes' else 'no' end as choice,
        (1 + n % 5000)::numeric(78, 18) as power
      from generate_series(1, ${ballots}) as n;
    insert into governance.proposals
      (id, proposer_id, token_id, title, description, status, voting_start, voting_end, snapshot_at, snapshot_power)
    select id, proposer, token, 'Bench', 'Bench', 'active', now() - interval '8 days', now() - interval '1 day',
      now() - interval '8 days', (select sum(power) from ballots)
    from proposal;
    insert into governance.voting_snapshots (proposal_id, user_id, voting_power)
      select proposal.id, voter, power from proposal, ballots;
    insert into governance.votes (proposal_id, voter_id, vote_type, voting_power)
      select proposal.id, voter, choice, power from proposal, ballots;
    insert into governance.vote_tallies (proposal_id, shard) select id, shard from proposal, generate_series(0, 15) as shard;
    create table bench_tally.votes as
      select proposal_id, voter_id, vote_type, voting_power, reason, inserted_at, updated_at from governance.votes;
    alter table bench_tally.votes add primary key (proposal_id, voter_id);
    commit;
  `);
  const { rows } = await client.query<{ id: string }>(
    "select id from governance.proposals where title = 'Bench'",
  );
  const id = rows[0]?.id;
  if (id === undefined) throw new Error('the proposal was not made');
  return id;
}

/** Milliseconds of the work alone; undone afterwards, so that each round closes the same proposal. */
async function timedAndUndone(client: Client, work: () => Promise<unknown>): Promise<number> {
  await client.query('begin');
  try {
    const begun = performance.now();
    await work();
    return performance.now() - begun;
  } finally {
    await client.query('rollback');
  }
}

/** One pass, with a sample of the rows of its own. */
async function measure(client: Client, id: string, ballots: number, rounds: Rounds): Promise<BenchReport> {
  for (const table of ['governance.votes', 'bench_tally.votes', 'governance.proposals']) {
    await client.query(`vacuum (analyze) ${table}`);
  }
  const proposal = literal(id);
  const count = (choice: string): string =>
    `select count(*), coalesce(sum(voting_power), 0) from bench_tally.votes
     where proposal_id = ${proposal} and vote_type = ${literal(choice)}`;
  let closed = 0;
  const figures = await alternate(
    rounds,
    {
      ours: () =>
        timedAndUndone(client, async () => {
          const { rows } = await client.query<{ closed: number }>(
            'select governance.close_due_proposals() as closed',
          );
          closed = Number(rows[0]?.closed);
        }),
      threeCounts: () =>
        timedAndUndone(client, async () => {
          for (const choice of ['yes', 'no', 'abstain']) await client.query(count(choice));
          await client.query(
            `update governance.proposals set status = 'passed', closed_at = now() where id = ${proposal}`,
          );
        }),
      inClient: () =>
        timedAndUndone(client, async () => {
          const { rows } = await client.query<{ vote_type: string; voting_power: string }>(
            `select vote_type, voting_power from bench_tally.votes where proposal_id = ${proposal}`,
          );
          const power = new Map<string, bigint>();
          for (const row of rows) {
            const [whole = '0', rest = ''] = row.voting_power.split('.');
            const exact = BigInt(whole + rest.padEnd(18, '0'));
            power.set(row.vote_type, (power.get(row.vote_type) ?? 0n) + exact);
          }
          await client.query(
            `update governance.proposals set status = 'passed', closed_at = now() where id = ${proposal}`,
          );
        }),
      limit: () =>
        timedAndUndone(client, () =>
          client.query(`select count(*) from governance.votes where proposal_id = ${proposal}`),
        ),
    },
    { isWarmedUp: true },
  );
  if (closed !== 1) throw new Error(`closed ${closed} proposals instead of one`);
  const plan = await planOf(
    client,
    `select count(*) filter (where vote_type = 'yes'), sum(voting_power) filter (where vote_type = 'yes')
     from governance.votes where proposal_id = ${proposal}`,
  );
  return {
    comparisons: [
      {
        what: 'closing a proposal',
        size: `${ballots.toLocaleString('en')} ballots`,
        unit: 'ms',
        forms: [
          { form: 'counted, closed, told, recorded', role: 'stoa', figures: figures('ours') },
          { form: 'a count a choice, key only', role: 'peer', figures: figures('threeCounts') },
          { form: 'fetched and added by a client', role: 'peer', figures: figures('inClient') },
          { form: 'count(*) alone', role: 'limit', figures: figures('limit') },
        ],
      },
    ],
    plans: [{ of: 'the count', text: plan }],
    notes: [
      `${ballots.toLocaleString('en')} ballots. A round trip with its result, without the commit: each round is undone.`,
    ],
  };
}

const tally: LastingBench = {
  summary: 'Closing a proposal: every ballot is counted.',
  async open({ server, ballots }) {
    const { url } = await server.community();
    const client = await connect(url, 'bench');
    // Others of the community may be due as well; this one alone is measured.
    await client.query('select governance.close_due_proposals()');
    const id = await fill(client, ballots);
    return {
      run: ({ rounds }) => measure(client, id, ballots, rounds),
      async close() {
        await client.query('drop schema bench_tally cascade');
        await client.end();
      },
    };
  },
};

export default tally;
