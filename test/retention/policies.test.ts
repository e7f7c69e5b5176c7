import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { connectOwner } from '../../src/postgres/owner.ts';
import { choosePolicies, listPolicies } from '../../src/retention/policies.ts';
import { testDatabase } from '../harness/index.ts';

const db = await testDatabase();

/** How old a row is when it goes. Null: the row says when, or the condition knows several ages. */
const ages: Readonly<Record<string, string | null>> = {
  'auth.accounts.registration_ip': '90 days',
  'auth.one_time_tokens': null,
  'auth.pending_sign_ins': null,
  'auth.request_rates': '01:00:00',
  'auth.sessions': null,
  'auth.throttles': null,
  'auth.wallet_challenges': null,
  alerts: '1 year',
  backup_runs: '2 years',
  client_versions: '90 days',
  counter_repairs: '90 days',
  forums_comments: '30 days',
  forums_forums: '30 days',
  forums_posts: '30 days',
  forums_posts_of_deleted_forums: '30 days',
  forums_removed_texts: '30 days',
  friendships_declined: '90 days',
  governance_removed_texts: '30 days',
  groups_bans: null,
  groups_channels: '30 days',
  groups_groups: '30 days',
  groups_invites: '30 days',
  groups_messages: '30 days',
  groups_messages_of_deleted_channels: '30 days',
  groups_slowmode_marks: '06:00:00',
  groups_threads_of_deleted_channels: '30 days',
  groups_voice_sessions: '90 days',
  idempotency_keys: '24:00:00',
  insight_community_health: '2 years',
  insight_message_analyses: '180 days',
  insight_stale_summaries: null,
  insight_summaries: '180 days',
  insight_tasks: '30 days',
  job_runs: '90 days',
  messaging_abandoned_conversations: null,
  messaging_attachments_of_deleted_messages: '30 days',
  messaging_disappearing_messages: null,
  messaging_messages_of_abandoned_conversations: null,
  messaging_removed_texts: '30 days',
  moderation_evidence: '1 year',
  moderation_queue_items: '1 year',
  moderation_reports: '2 years',
  moderation_warnings: '2 years',
  notifications_read: '90 days',
  open_groups_stale: '90 days',
  push_tokens_unused: '180 days',
  restore_tests: '2 years',
  tracker_collections: '30 days',
  tracker_comments: '30 days',
  tracker_lapsed_tokens: '90 days',
  tracker_ownerless_collections: null,
  tracker_peer_days: null,
  tracker_revoked_passkeys: '90 days',
  tracker_torrents: '30 days',
  workspace_documents: '30 days',
  workspace_documents_of_deleted_projects: '30 days',
  workspace_projects: '30 days',
  workspace_tasks: '30 days',
  workspace_tasks_of_deleted_projects: '30 days',
};

const retained: Readonly<Record<string, readonly [retain: string, isExported: boolean]>> = {
  'audit.analytics_events': ['90 days', false],
  'audit.logs': ['1 year', true],
  'notifications.notifications': ['366 days', false],
  'tracker.announces': ['2 mons', true],
  'tracker.peer_history': ['2 mons', true],
};

/** Read once a night as a whole, and why that stays small or cannot be otherwise. */
const walked: Readonly<Record<string, string>> = {
  'auth.sessions': 'one row a device that is signed in: as many as people',
  alerts: 'a row an alert, one open at a time of each thing',
  backup_runs: 'a row a backup',
  client_versions: 'a row a version of a program',
  groups_channels: 'one row a channel: it is asked whether it is the last of its group',
  groups_invites: 'one row an invitation',
  groups_slowmode_marks: 'holds six hours',
  groups_voice_sessions: 'holds 90 days of calls',
  insight_message_analyses: 'holds 180 days, rebuildable',
  insight_summaries: 'holds 180 days, rebuildable',
  insight_tasks: 'holds 30 days',
  messaging_abandoned_conversations: 'nothing marks a conversation that everybody has left: each is asked',
  messaging_attachments_of_deleted_messages: 'each attachment is asked for its message',
  moderation_evidence: 'holds two years of reports',
  moderation_queue_items: 'holds a year of work',
  moderation_reports: 'holds two years of reports',
  moderation_warnings: 'one row a warning',
  push_tokens_unused: 'one row a device',
  restore_tests: 'a row a month',
};

const planShape = z.tuple([z.object({ 'QUERY PLAN': z.array(z.object({ Plan: z.unknown() })) })]);

interface PlanNode {
  readonly 'Node Type': string;
  readonly Alias?: string;
  readonly 'Index Cond'?: string;
  readonly 'Recheck Cond'?: string;
  readonly Plans?: readonly PlanNode[];
}

/** Whether the table of the rule is read through an index whose condition, or whose predicate, narrows it. */
function isNarrowed(node: PlanNode): boolean {
  const own =
    node.Alias?.startsWith('target') === true &&
    /Index/.test(node['Node Type']) &&
    (node['Index Cond'] !== undefined || node['Recheck Cond'] !== undefined);
  const bitmap = node['Node Type'] === 'Bitmap Heap Scan' && node.Alias?.startsWith('target') === true;
  return own || bitmap || (node.Plans ?? []).some(isNarrowed);
}

describe('the rules of retention', () => {
  it('are rows, with the age that the pages of the modules give', async () => {
    const { rows } = await db.query<{ name: string; age: string | null }>(
      'select name, age::text from ops.retention_policies order by name collate "C"',
    );
    expect(Object.fromEntries(rows.map(({ name, age }) => [name, age]))).toEqual(ages);
  });

  it('drop whole partitions of these tables, some of them after an export', async () => {
    const { rows } = await db.query<{ parent: string; retain: string; exported: boolean }>(
      'select parent, retain::text, export_before_drop as exported from ops.partition_policies where retain is not null',
    );
    expect(
      Object.fromEntries(rows.map(({ parent, retain, exported }) => [parent, [retain, exported]])),
    ).toEqual(retained);
  });

  it('take their age from the column, so that changing it changes what goes', async () => {
    const read = async (age: string): Promise<string> => {
      await db.query("update ops.retention_policies set age = $1 where name = 'notifications_read'", [age]);
      const { rows } = await db.query<{ condition: string }>(
        "select ops.retention_condition('notifications_read', '2026-11-24T00:00:00Z') as condition",
      );
      return rows[0]?.condition ?? '';
    };
    expect(await read('10 days')).toContain('2026-11-14');
    expect(await read('90 days')).toContain('2026-08-26');
    await expect(
      db.query("update ops.retention_policies set age = null where name = 'notifications_read'"),
    ).rejects.toMatchObject({ constraint: 'retention_policies_age_check' });
    await expect(
      db.query("update ops.retention_policies set age = '-1 day' where name = 'notifications_read'"),
    ).rejects.toMatchObject({ constraint: 'retention_policies_action_check' });
  });

  it('are each served by an index, or read a table that is bounded for a reason', async () => {
    const client = await connectOwner(db.url, 'test plans');
    const unserved: string[] = [];
    try {
      // Tables are empty here: what the planner could do with many rows is the question.
      await client.query('set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off');
      for (const { name, target } of await listPolicies(client)) {
        const { rows: conditions } = await client.query<{ condition: string }>(
          'select ops.retention_condition($1, now()) as condition',
          [name],
        );
        const { rows } = await client.query(
          `explain (format json) select 1 from ${target} as target where (${conditions[0]?.condition}) limit 100000`,
        );
        const [{ 'QUERY PLAN': plans }] = planShape.parse(rows);
        if (!plans.some(({ Plan }) => isNarrowed(Plan as PlanNode))) unserved.push(name);
      }
    } finally {
      await client.end();
    }
    // Which of those the planner serves all the same differs between versions.
    expect(unserved.filter((name) => !(name in walked))).toEqual([]);
    expect(Object.keys(walked).filter((name) => !(name in ages))).toEqual([]);
  });

  it('are chosen by name, and one that does not exist is refused', async () => {
    const all = await listPolicies(db);
    expect(choosePolicies(all)).toHaveLength(all.length);
    expect(choosePolicies(all, 'job_runs')).toMatchObject([{ target: 'ops.job_runs', action: 'delete' }]);
    expect(() => choosePolicies(all, 'nothing')).toThrow(/no retention rule nothing/);
  });
});
