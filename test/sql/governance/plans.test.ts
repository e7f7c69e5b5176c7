import { beforeAll, describe, expect, it } from 'vitest';
import { type Person, type Scene, scene } from './scene.ts';

/** The access paths that a page or a job stands on, as the role that walks them, with its policies in the way. */
let world: Scene;
let reader: Person;
let visitor: Person;
const at: Record<string, string> = {};

beforeAll(async () => {
  world = await scene();
  [reader, visitor] = [await world.person(), world.visitor()];
  const idOf = (moment: string): string =>
    `(left(core.uuidv7_floor(${moment})::text, 19) || right(gen_random_uuid()::text, 17))::uuid`;
  await world.db.query(`
    insert into core.users (username, class_id, role)
    select 'holder_' || n, class.id, class.role
    from generate_series(1, 400) as n, core.user_classes as class
    where class.is_default;
    insert into governance.tokens (symbol, name, network) select 'T' || n, 'Token ' || n, 'testnet' from generate_series(1, 20) as n;
    insert into governance.user_tokens (user_id, token_id, balance)
    select person.id, token.id, 1 + person.member_number
    from core.users as person, governance.tokens as token;

    insert into governance.proposals (
      id, proposer_id, token_id, title, description, status, voting_start, voting_end, snapshot_at, snapshot_power
    )
    select ${idOf("now() - n * interval '1 hour'")}, person.id, token.id, 'Nr. ' || n, 'At length.',
      case when n % 40 = 0 then 'active' when n % 41 = 0 then 'draft' else (array['passed', 'rejected', 'expired'])[1 + n % 3] end,
      now() - n * interval '1 hour', now() + (n % 90) * interval '1 hour' + interval '1 minute', now(), 1e15
    from generate_series(1, 3000) as n
    join (select id, row_number() over (order by id) as place from core.users) as person on person.place = 1 + n % 400
    join (select id, row_number() over (order by id) as place from governance.tokens) as token on token.place = 1 + n % 20;

    insert into governance.voting_snapshots (proposal_id, user_id, voting_power)
    select proposal.id, person.id, 1 + person.member_number
    from (select id from governance.proposals order by id desc limit 150) as proposal, core.users as person;
    insert into governance.votes (proposal_id, voter_id, vote_type, voting_power)
    select proposal_id, user_id, (array['yes', 'no', 'abstain'])[1 + voting_power::integer % 3], voting_power
    from governance.voting_snapshots;
    insert into governance.comments (proposal_id, user_id, content)
    select proposal.id, person.id, 'A word.'
    from (select id from governance.proposals where status <> 'draft' order by id desc limit 100) as proposal,
      (select id from core.users limit 100) as person;

    -- Balances are none of this file's concern, and a million of them would be slow to keep.
    alter table ledger.transactions disable trigger apply_insert;
    insert into ledger.transactions (user_id, id, token_id, type, status, amount, currency)
    select person.id, ${idOf("now() - person.member_number % 7 * interval '1 minute' - n * interval '6 hours'")}, token.id,
      (array['deposit', 'withdrawal', 'transfer'])[1 + n % 3], case when n % 97 = 0 then 'pending' else 'confirmed' end, n, 'T'
    from (select id, member_number from core.users limit 100) as person, generate_series(1, 300) as n
    join (select id, row_number() over (order by id) as place from governance.tokens) as token on token.place = 1 + n % 20;
    alter table ledger.transactions enable trigger apply_insert;
  `);
  const [me] = await world.rows<{ id: string }>('select user_id as id from ledger.transactions limit 1');
  reader = world.acting('reader', me?.id, 'stoa_member');
  await world.db.query(
    `insert into ledger.transactions (user_id, id, type, amount, currency)
     select $1, ${idOf("now() - n * interval '1 minute'")}, 'transfer', n, 'EUR' from generate_series(1, 3000) as n`,
    [reader.id],
  );
  await world.db.query('vacuum analyze');
  const [found] = await world.rows<Record<string, string>>(
    `select proposal.id as proposal_id, proposal.token_id,
       (select id from governance.proposals where status = 'active' order by id desc limit 1) as active_id,
       (select user_id from governance.user_tokens where user_id <> $1 limit 1) as other_id,
       (select id from ledger.transactions where user_id = $1 order by id desc offset 2000 limit 1) as deep_id
     from governance.proposals as proposal where status = 'passed' order by id desc limit 1`,
    [reader.id],
  );
  Object.assign(at, found, { me_id: reader.id });
});

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Index Name'?: string;
  readonly 'Relation Name'?: string;
  readonly 'Actual Loops': number;
  readonly 'Shared Hit Blocks': number;
  readonly 'Shared Read Blocks': number;
  readonly 'Heap Fetches'?: number;
  readonly Plans?: readonly PlanNode[];
}

interface Plan {
  /** Every node that ran, for example "Index Scan using governance_votes_3_pkey". */
  readonly nodes: readonly string[];
  /** Blocks that were read, found in memory or not. */
  readonly blocks: number;
}

/** `:name` in a query stands for the value of `at`. The second run counts: the first also fills caches. */
async function planOf(who: Person | 'the owner', query: string): Promise<Plan> {
  const values: string[] = [];
  const text = query.replace(/(?<!:):(\w+)/g, (_, name: string) => {
    values.push(at[name] ?? '');
    return `$${values.length}::uuid`;
  });
  const explain = `explain (analyze, buffers, format json) ${text}`;
  const run = async (): Promise<PlanNode> => {
    const rows = who === 'the owner' ? await world.rows(explain, values) : await who.read(explain, values);
    return rows[0]?.['QUERY PLAN'][0].Plan;
  };
  await run();
  const root = await run();
  const nodes: string[] = [];
  const visit = (node: PlanNode): void => {
    if (node['Actual Loops'] === 0) return;
    const index = node['Index Name'] && ` using ${node['Index Name']}`;
    nodes.push(
      `${node['Node Type']}${index ?? (node['Relation Name'] ? ` on ${node['Relation Name']}` : '')}`,
    );
    for (const child of node.Plans ?? []) visit(child);
  };
  visit(root);
  return { nodes, blocks: root['Shared Hit Blocks'] + root['Shared Read Blocks'] };
}

const sorted = ({ nodes }: Plan) => nodes.filter((node) => /Sort/.test(node));
const scanned = ({ nodes }: Plan) => nodes.filter((node) => /^Seq Scan/.test(node));
const indexes = ({ nodes }: Plan) =>
  nodes.flatMap((node) => /^(?:Index|Bitmap Index).* using (\S+)/.exec(node)?.[1] ?? []);

describe.each(['member', 'visitor'])('as a %s', (who) => {
  const person = () => (who === 'member' ? reader : visitor);

  it('the open proposals, the next to close first, come in the order of their index', async () => {
    const plan = await planOf(
      person(),
      `select id, title, voting_end from governance.proposals where status = 'active' order by voting_end, id limit 25`,
    );
    expect(indexes(plan)).toEqual(['proposals_status_idx']);
    expect([...sorted(plan), ...scanned(plan)]).toEqual([]);
    expect(plan.blocks).toBeLessThan(40);
  });

  it('the ballots of a closed proposal are one range of one partition', async () => {
    const plan = await planOf(
      person(),
      `select voter_id, vote_type, voting_power from governance.votes where proposal_id = :proposal_id order by voter_id limit 25`,
    );
    expect(indexes(plan).filter((index) => index.startsWith('governance_votes_'))).toEqual([
      expect.stringMatching(/^governance_votes_\d_pkey$/),
    ]);
    expect([...sorted(plan), ...scanned(plan)]).toEqual([]);
    expect(plan.blocks).toBeLessThan(140);
  });

  it('the discussion of a proposal is one range of one partition', async () => {
    const plan = await planOf(
      person(),
      `select id, content from governance.comments where proposal_id = :proposal_id order by id desc limit 25`,
    );
    expect(indexes(plan)).toEqual(
      expect.arrayContaining([expect.stringMatching(/^governance_comments_\d_pkey$/)]),
    );
    expect([...sorted(plan), ...scanned(plan)]).toEqual([]);
  });
});

describe('a member reads', () => {
  it('their own ballots by the index of voters, in each partition', async () => {
    const plan = await planOf(
      reader,
      `select proposal_id, vote_type from governance.votes where voter_id = (select core.current_user_id()) order by proposal_id desc limit 25`,
    );
    expect(
      indexes(plan).filter((index) => /^governance_votes_\d_voter_id_proposal_id_idx$/.test(index)),
    ).toHaveLength(8);
    expect(scanned(plan)).toEqual([]);
  });

  it('their own ballot on a proposal by its key', async () => {
    const plan = await planOf(
      reader,
      `select vote_type from governance.votes where proposal_id = :active_id and voter_id = :me_id`,
    );
    // Both indexes hold the whole key.
    expect(indexes(plan)[0]).toMatch(/^governance_votes_\d_(pkey|voter_id_proposal_id_idx)$/);
    expect(plan.blocks).toBeLessThan(20);
    expect(scanned(plan)).toEqual([]);
  });

  it('their statement newest first, without a sort, and without older partitions', async () => {
    const page = `select id, type, amount from ledger.transactions where user_id = :me_id`;
    const first = await planOf(reader, `${page} order by id desc limit 25`);
    const deep = await planOf(reader, `${page} and id < :deep_id order by id desc limit 25`);
    for (const plan of [first, deep]) {
      expect([...sorted(plan), ...scanned(plan)]).toEqual([]);
      expect(plan.nodes.filter((node) => /Merge Append/.test(node))).toEqual([]);
      // Months that are still to come are empty; the newest with rows ends the walk.
      expect(indexes(plan).every((index) => /^ledger_transactions_.*_pkey$/.test(index))).toBe(true);
      expect(indexes(plan)).not.toContain('ledger_transactions_history_pkey');
      expect(plan.blocks).toBeLessThan(60);
    }
  });

  it('their statement of one kind of movement by its index', async () => {
    const plan = await planOf(
      reader,
      `select id, amount from ledger.transactions where user_id = :me_id and type = 'transfer' order by id desc limit 25`,
    );
    expect(indexes(plan).every((index) => /_user_id_type_id_idx$|_pkey$/.test(index))).toBe(true);
    expect([...sorted(plan), ...scanned(plan)]).toEqual([]);
  });

  it('their balance by its key', async () => {
    const plan = await planOf(
      reader,
      'select balance, staked_balance, voting_power from governance.user_tokens where user_id = :me_id and token_id = :token_id',
    );
    expect(plan.nodes).toEqual(
      expect.arrayContaining([expect.stringContaining('Index Scan using user_tokens_pkey')]),
    );
    expect(plan.blocks).toBeLessThan(6);
  });

  it('their holdings by the same', async () => {
    const plan = await planOf(reader, 'select token_id, balance from governance.user_tokens');
    expect(indexes(plan)).toEqual(['user_tokens_pkey']);
  });
});

describe('without row-level security', () => {
  it.each([
    [
      'the largest holders of a token',
      'user_tokens_power_idx',
      'select user_id, voting_power from governance.user_tokens where token_id = :token_id and voting_power > 0 order by voting_power desc, user_id limit 25',
    ],
    [
      'the electorate at the opening',
      'user_tokens_power_idx',
      'select user_id, balance from governance.user_tokens where token_id = :token_id',
    ],
    [
      'the proposals to close',
      'proposals_status_idx',
      `select id from governance.proposals where status = 'active' and voting_end <= now() order by voting_end, id limit 100`,
    ],
    [
      'the drafts to open',
      'proposals_start_idx',
      `select id from governance.proposals where status = 'draft' and voting_start <= now() - interval '100 days' order by voting_start limit 100`,
    ],
    [
      'the proposals of a person',
      'proposals_proposer_idx',
      'select id from governance.proposals where proposer_id = :other_id order by id desc limit 25',
    ],
    [
      'the proposals of a token',
      'proposals_token_idx',
      'select id from governance.proposals where token_id = :token_id order by id desc limit 25',
    ],
  ])('%s come from %s', async (_, index, query) => {
    const plan = await planOf('the owner', query);
    expect(indexes(plan)).toContain(index);
    expect([...sorted(plan), ...scanned(plan)]).toEqual([]);
  });

  it('the count at closing reads the covering index of one partition and no table', async () => {
    const plan = await planOf(
      'the owner',
      'select vote_type, count(*), sum(voting_power) from governance.votes where proposal_id = :proposal_id group by vote_type',
    );
    expect(plan.nodes).toEqual(
      expect.arrayContaining([
        expect.stringMatching(
          /^Index Only Scan using governance_votes_\d_proposal_id_vote_type_voting_power_idx$/,
        ),
      ]),
    );
    expect(plan.nodes.filter((node) => /^Index Only/.test(node))).toHaveLength(1);
  });

  it('what waits for a confirmation is found by its partial index', async () => {
    const plan = await planOf(
      'the owner',
      `select id from ledger.transactions where status = 'pending' order by id limit 25`,
    );
    expect(indexes(plan).every((index) => /_status_id_idx$/.test(index))).toBe(true);
    expect(scanned(plan)).toEqual([]);
  });
});
