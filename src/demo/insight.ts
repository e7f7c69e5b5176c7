import type { ClientBase } from 'pg';
import type { Chance } from './chance.ts';
import { insertRows } from './rows.ts';

export interface InsightCounts {
  readonly analyses: number;
  readonly summaries: number;
}

const model = { model_name: 'demo', model_version: '1' };

interface Message {
  readonly channel_id: string;
  readonly group_id: string;
  readonly id: string;
  readonly sender_id: string;
  readonly inserted_at: Date;
}

/**
 * What models might have made of the busiest channel: analyses of its newest messages and a summary of them, for a group
 * that allows it. Needs the demo groups.
 */
export async function fillInsight(client: ClientBase, chance: Chance, now: Date): Promise<InsightCounts> {
  const { rows: newest } = await client.query<Message>(
    `select message.channel_id, channel.group_id, message.id, message.sender_id, message.inserted_at
     from (
       select * from groups.channels
       where type = 'text' and deleted_at is null
       order by last_seq desc, id
       limit 1
     ) as channel
     join groups.channel_messages as message on message.channel_id = channel.id
     where message.sender_id is not null and message.deleted_at is null
     order by message.id desc
     limit 40`,
  );
  const messages = newest.reverse();
  const [first] = messages;
  const last = messages.at(-1);
  if (!first || !last) return { analyses: 0, summaries: 0 };
  const since = new Date(first.inserted_at.getTime() - 1);
  await insertRows(client, 'insight.group_policies', [
    {
      group_id: first.group_id,
      analyses: true,
      summaries: true,
      analyses_since: since,
      summaries_since: since,
      inserted_at: since,
      updated_at: since,
    },
  ]);
  const analyses = messages.map((message) => ({
    channel_id: message.channel_id,
    message_id: message.id,
    ...model,
    author_id: message.sender_id,
    sentiment_score: Math.round((chance.next() * 1.4 - 0.4) * 100) / 100,
    toxicity_score: Math.round(chance.next() * 15) / 100,
    confidence_score: Math.round((0.6 + chance.next() * 0.4) * 100) / 100,
    language_code: 'en',
    topics: chance.several(['meeting', 'weather', 'soup', 'travel', 'music'], 1 + chance.below(2)),
    input_tokens: 40 + chance.below(60),
    output_tokens: 20,
    inserted_at: message.inserted_at,
  }));
  await insertRows(client, 'insight.message_analyses', analyses);
  const summary = {
    id: chance.idAt(now),
    channel_id: first.channel_id,
    start_message_id: first.id,
    end_message_id: last.id,
    summary: 'Plans for the week, an umbrella that was found, and a long talk about soup.',
    key_points: ['Half past six on Thursday', 'The umbrella is at the bakery'],
    message_count: messages.length,
    ...model,
    input_tokens: 1_900,
    output_tokens: 60,
    inserted_at: now,
  };
  await insertRows(client, 'insight.conversation_summaries', [summary]);
  const written = new Map<string, number>();
  for (const { sender_id } of messages) written.set(sender_id, (written.get(sender_id) ?? 0) + 1);
  await insertRows(
    client,
    'insight.summary_participants',
    [...written].map(([user_id, message_count]) => ({ summary_id: summary.id, user_id, message_count })),
  );
  // The figures of the last week as the nightly job would have written them, had it run.
  await client.query(
    `select insight.compute_health(day::date, $1)
     from generate_series($2::timestamptz - interval '7 days', $2::timestamptz - interval '1 day', interval '1 day') as day`,
    [[first.group_id], now],
  );
  return { analyses: analyses.length, summaries: 1 };
}
