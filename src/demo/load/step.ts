import type { ClientBase } from 'pg';

/** How large and which: everything that is drawn follows from these four numbers. */
export interface LoadPlan {
  /** 1 is 100,000 members and a million messages. */
  readonly scale: number;
  readonly seed: number;
  /** The end of what is told, in milliseconds since 1970. */
  readonly nowMs: number;
  readonly members: number;
}

/** A statement, or several of which each writes a part of the rows. */
export interface LoadStep {
  /** Names what is written, in the plural: it is what progress and timings are told of. */
  readonly name: string;
  readonly statements: readonly string[];
  /** A preparation in temporary tables; its time counts for the step that follows. */
  readonly isHidden?: true;
}

export interface LoadModule {
  /** Where it writes. Without the first of them, these steps are left out. */
  readonly schemas: readonly [string, ...string[]];
  /** Tables that get most rows: their indexes are built afterwards. */
  readonly bulk?: readonly string[];
  readonly steps: (plan: LoadPlan) => readonly LoadStep[];
}

export function share(plan: LoadPlan, perScale: number, least: number): number {
  return Math.max(least, Math.round(perScale * plan.scale));
}

/** The same statement for consecutive ranges of `0 … total`, so that progress can be told in between. */
export function inParts(
  total: number,
  parts: number,
  statement: (from: number, below: number) => string,
): string[] {
  const amount = Math.max(1, Math.min(parts, total));
  return Array.from({ length: amount }, (_, part) =>
    statement(Math.floor((total * part) / amount), Math.floor((total * (part + 1)) / amount)),
  );
}

/**
 * How many of `total` things the container of a rank (a column `rank`, from 1 to `containers`) holds: at least one, and
 * otherwise as 1 to the rank, the first one taking what rounding leaves over. Few are large, most are small.
 */
export function sizeByRank(total: number, containers: number): string {
  const spread = Math.max(0, total - containers);
  const weights = Array.from({ length: containers }, (_, index) => 1 / (index + 5));
  const sum = weights.reduce((all, weight) => all + weight, 0);
  const given = weights.reduce((all, weight) => all + Math.floor((spread * weight) / sum + 1e-9), 0);
  return `(
    1 + floor(${spread}::double precision * (1.0::double precision / (rank + 4)) / ${sum}::double precision + 1e-9)
    + case when rank = 1 then ${spread - given} else 0 end
  )::integer`;
}

const dayMs = 86_400_000;

/**
 * What every step draws from, as functions of this session alone. There is no random(): a draw is a hash of what it is
 * for, so the same plan gives the same rows, in whichever order or part they are made. Each is a single expression and
 * is inlined by the planner.
 */
export async function prepareDraws(client: ClientBase, plan: LoadPlan): Promise<void> {
  const { seed, members, nowMs } = plan;
  await client.query(`
    create function pg_temp.dice(p_number bigint, p_purpose bigint) returns bigint
    language sql immutable parallel safe
    return hashint8extended(p_number, ${seed}::bigint * 1000 + p_purpose) & 9223372036854775807;

    -- In [0, 1).
    create function pg_temp.chance(p_number bigint, p_purpose bigint) returns double precision
    language sql immutable parallel safe
    return (hashint8extended(p_number, ${seed}::bigint * 1000 + p_purpose) & 4503599627370495) / 4503599627370496.0::double precision;

    -- A version 7 identifier of a millisecond (RFC 9562); 74 bits of a hash tell apart what happens within one. Made of
    -- numbers rather than digits: there are ten million of these in a million messages.
    create function pg_temp.id_at(p_ms bigint, p_number bigint, p_purpose bigint) returns uuid
    language sql immutable parallel safe
    return encode(
      int8send((p_ms << 16) | 28672 | ((hashint8extended(p_number, ${seed}::bigint * 1000 + p_purpose) >> 52) & 4095))
      || int8send(
        (hashint8extended(p_number, ${seed}::bigint * 1000 + p_purpose) & 4611686018427387903) | (-9223372036854775807 - 1)
      ),
      'hex'
    )::uuid;

    create function pg_temp.moment(p_ms bigint) returns timestamptz
    language sql immutable parallel safe
    return to_timestamp(p_ms / 1000.0::double precision);

    -- Members joined one after another, between 1000 and 100 days ago. Whatever happens here happens later.
    create function pg_temp.joined_ms(p_member bigint) returns bigint
    language sql immutable parallel safe
    return ${nowMs - 1_000 * dayMs} + (p_member % ${members}) * ${Math.floor((900 * dayMs) / members)};

    create function pg_temp.person(p_member bigint) returns uuid
    language sql immutable parallel safe
    return pg_temp.id_at(pg_temp.joined_ms(p_member), p_member % ${members}, 1);

    -- Some words, as many as a chat message or a sentence has.
    create function pg_temp.words(p_number bigint, p_purpose bigint) returns text
    language sql immutable parallel safe
    return (
      array[${openings.map((words) => `'${words}'`).join(',')}]
    )[1 + (hashint8extended(p_number, ${seed}::bigint * 1000 + p_purpose) & 31)]
    || (
      array[${middles.map((words) => `'${words}'`).join(',')}]
    )[1 + ((hashint8extended(p_number, ${seed}::bigint * 1000 + p_purpose) >> 5) & 31)]
    || (
      array[${endings.map((words) => `'${words}'`).join(',')}]
    )[1 + ((hashint8extended(p_number, ${seed}::bigint * 1000 + p_purpose) >> 10) & 15)];
  `);
}

/** Written for this project. 32, 32 and 16 of them, because the draw takes bits. */
const openings = [
  'I think',
  'Yesterday',
  'Honestly,',
  'By the way,',
  'As far as I know',
  'Well,',
  'On the train',
  'After all',
  'For once',
  'Last week',
  'In the morning',
  'At the market',
  'Between us,',
  'Strangely',
  'If you ask me,',
  'Today',
  'Again',
  'To be fair,',
  'Somehow',
  'This time',
  'In the end',
  'Every evening',
  'So far',
  'Meanwhile',
  'Right now',
  'Perhaps',
  'Without a doubt',
  'At home',
  'Long ago',
  'On Sunday',
  'Near the bridge',
  'Just now',
];
const middles = [
  ' the soup was',
  ' we found the garden',
  ' somebody left the door',
  ' the neighbours are',
  ' my bicycle was',
  ' the new record is',
  ' nobody called it',
  ' the river looked',
  ' our kitchen is',
  ' that film was',
  ' the letter seemed',
  ' the recipe is',
  ' her answer was',
  ' the library is',
  ' the old map was',
  ' this coffee is',
  ' the rehearsal went',
  ' their boat is',
  ' the weather stays',
  ' the station was',
  ' his story sounds',
  ' the cat remains',
  ' the bread turned out',
  ' the second attempt was',
  ' the meeting was',
  ' that question is',
  ' the photo came out',
  ' my plan was',
  ' the lamp is',
  ' the concert was',
  ' the walk was',
  ' the whole thing is',
];
const endings = [
  ' better than expected.',
  ' rather cold.',
  ' too loud for me.',
  ' worth the wait.',
  ' a little late!',
  ' exactly right.',
  ' still unfinished.',
  ' as green as ever.',
  ' harder than it looks.',
  ' quite cheap.',
  ' open again?',
  ' gone.',
  ' nothing special.',
  ' wonderful :)',
  ' longer than planned.',
  ' my favourite.',
];
