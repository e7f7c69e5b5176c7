import type { ClientBase } from 'pg';
import type { Chance } from './chance.ts';
import type { Person } from './people.ts';
import { insertRows } from './rows.ts';

export interface ModerationCounts {
  readonly reports: number;
  readonly queueItems: number;
  readonly warnings: number;
}

const hourMs = 3_600_000;

interface Subject {
  readonly type: string;
  readonly id: string;
  readonly offender: string;
}

/** What can be complained about here: the newest posts where there are forums, else people. */
async function findSubjects(
  client: ClientBase,
  people: readonly Person[],
  hasForums: boolean,
): Promise<Subject[]> {
  const persons = people.slice(-3).map(({ id }) => ({ type: 'user', id, offender: id }));
  if (!hasForums) return persons;
  const { rows } = await client.query<{ id: string; offender: string }>(
    `select id, author_id as offender from forums.posts
     where author_id <> all ($1) order by id desc limit 4`,
    [people.slice(0, 2).map(({ id }) => id)],
  );
  return [...rows.map((post) => ({ type: 'forum_post', ...post })), ...persons];
}

/**
 * A queue to work on: reports that wait, several about one thing, one that the moderator looks into, and one that was
 * decided with a warning. A report has its copy of what it is about, as the registry of subjects says.
 */
export async function fillModeration(
  client: ClientBase,
  chance: Chance,
  people: readonly Person[],
  options: { readonly hasForums: boolean; readonly now: Date },
): Promise<ModerationCounts> {
  const { now } = options;
  const moderator = people[1];
  const subjects = await findSubjects(client, people, options.hasForums);
  const states = subjects.map((_, index) =>
    index === 1 ? 'in_progress' : index === subjects.length - 1 ? 'resolved' : 'pending',
  );
  const items = subjects.map((subject, index) => {
    const state = states[index];
    const at = new Date(now.getTime() - (40 - index * 5) * hourMs);
    const isDone = state === 'resolved';
    const isTaken = state !== 'pending';
    const reporters = chance.several(
      people.filter((person) => person.id !== subject.offender && person !== moderator),
      1 + (index % 3),
    );
    return {
      reporters,
      at,
      subject,
      row: {
        id: chance.idAt(at),
        queue_type: 'investigation',
        item_type: subject.type,
        item_id: subject.id,
        subject_user_id: subject.offender,
        status: state,
        priority: index % 4,
        submitted_by: reporters[0]?.id,
        assigned_to: isTaken ? moderator?.id : null,
        assigned_at: isTaken ? new Date(now.getTime() - hourMs) : null,
        resolved_by: isDone ? moderator?.id : null,
        resolved_at: isDone ? new Date(now.getTime() - hourMs / 2) : null,
        resolution: isDone ? 'actioned' : null,
        inserted_at: at,
        updated_at: at,
      },
    };
  });
  await insertRows(
    client,
    'moderation.queue_items',
    items.map(({ row }) => row),
  );
  const reports = items.flatMap(({ row, reporters, subject }, index) =>
    reporters.map((person, place) => {
      const at = new Date(row.inserted_at.getTime() + place * 60_000);
      return {
        id: chance.idAt(at),
        reporter_id: person.id,
        report_type: subject.type,
        subject_id: subject.id,
        subject_user_id: subject.offender,
        reason: chance.pick(['spam', 'abuse', 'other']),
        description: chance.pick([
          'This reads like an advertisement.',
          'Not the tone we want here.',
          'Please have a look.',
        ]),
        status: { pending: 'pending', in_progress: 'investigating', resolved: 'resolved' }[
          states[index] ?? 'pending'
        ],
        queue_item_id: row.id,
        assigned_to: row.assigned_to,
        resolved_by: row.resolved_by,
        resolved_at: row.resolved_at,
        action_taken: row.resolved_at ? 'warned' : null,
        inserted_at: at,
        updated_at: at,
      };
    }),
  );
  await insertRows(client, 'moderation.reports', reports);
  // As whoever reported would see it, one after another: a copy of what may not be read is not taken.
  for (const report of reports) {
    await client.query(`select set_config('stoa.user_id', $1, true)`, [report.reporter_id]);
    await client.query(
      `update moderation.reports as report
       set evidence = copied.evidence
       from core.report_subjects as kind
       cross join lateral moderation.read_subject(kind, $2, null) as copied
       where report.id = $1 and kind.type = report.report_type`,
      [report.id, report.subject_id],
    );
  }
  await client.query(`select set_config('stoa.user_id', '', true)`);
  const decided = items.filter(({ row }) => row.resolved_at);
  const warnings = decided.map(({ row, subject }) => ({
    id: chance.idAt(new Date(now.getTime() - hourMs / 2)),
    user_id: subject.offender,
    issued_by: moderator?.id,
    points: 1,
    reason: 'Advertising is not welcome.',
    report_id: reports.find((report) => report.queue_item_id === row.id)?.id,
    expires_at: new Date(now.getTime() + 90 * 24 * hourMs),
    inserted_at: new Date(now.getTime() - hourMs / 2),
  }));
  await insertRows(client, 'moderation.warnings', warnings);
  return { reports: reports.length, queueItems: items.length, warnings: warnings.length };
}
