import type { LoadModule } from './step.ts';

/** How many of the newest messages of a channel are analysed, and of how many of those the summary is made. */
const analysed = 200;
const summarised = 50;

/**
 * What models might have made of the first channel of every tenth group: analyses of its newest messages, and a summary.
 * Comes after the groups, whose drawing it reads.
 */
export const insight: LoadModule = {
  schemas: ['insight'],
  steps: (plan) => {
    const { nowMs } = plan;
    const newest = (amount: number): string => `
      (
        select channel.id as channel_id, channel.ch, channel.g, channel.amount
        from load_channels as channel
        where channel.slot = 0 and channel.g % 10 = 0 and channel.amount > 0
      ) as channel
      join groups.channel_messages as message
        on message.channel_id = channel.channel_id and message.seq > channel.amount - ${amount}`;
    const summary = `pg_temp.id_at(${nowMs} - 30000, channel.ch, 140)`;
    const draw = (purpose: number): string =>
      `pg_temp.chance(channel.ch * 10000019 + message.seq, ${purpose})::numeric`;
    return [
      {
        name: 'wishes of groups',
        statements: [
          `insert into insight.group_policies (group_id, analyses, summaries, analyses_since, summaries_since, inserted_at, updated_at)
           select
             channel.group_id, true, true, pg_temp.moment(channel.start_ms), pg_temp.moment(channel.start_ms),
             pg_temp.moment(channel.start_ms), pg_temp.moment(channel.start_ms)
           from load_channels as channel
           where channel.slot = 0 and channel.g % 10 = 0`,
        ],
      },
      {
        name: 'analyses',
        statements: [
          `insert into insight.message_analyses
             (channel_id, message_id, model_name, model_version, author_id, sentiment_score, toxicity_score, confidence_score,
              language_code, topics, input_tokens, output_tokens, inserted_at)
           select
             message.channel_id, message.id, 'load', '1', message.sender_id, round(${draw(141)} * 1.4 - 0.4, 2),
             round(${draw(142)} * 0.15, 2), round(0.6 + ${draw(143)} * 0.4, 2), 'en',
             array[(array['meeting', 'weather', 'soup', 'travel', 'music'])[1 + message.seq % 5]], 60, 20,
             message.inserted_at
           from ${newest(analysed)}
           order by 1, 2`,
        ],
      },
      {
        name: 'summaries',
        statements: [
          `insert into insight.conversation_summaries
             (id, channel_id, start_message_id, end_message_id, summary, key_points, message_count, model_name, model_version,
              input_tokens, output_tokens, inserted_at)
           select
             ${summary}, channel.channel_id, (array_agg(message.id order by message.id))[1],
             (array_agg(message.id order by message.id desc))[1], pg_temp.words(channel.ch, 144),
             array[pg_temp.words(channel.ch, 145)], count(*), 'load', '1', 1900, 60, pg_temp.moment(${nowMs} - 30000)
           from ${newest(summarised)}
           group by channel.channel_id, channel.ch`,
          `insert into insight.summary_participants (summary_id, user_id, message_count)
           select ${summary}, message.sender_id, count(*)
           from ${newest(summarised)}
           group by channel.ch, message.sender_id`,
        ],
      },
      {
        name: 'health of groups',
        // The last week, by the nightly job's own function.
        statements: [
          `select insight.compute_health(
             day::date, array(select channel.group_id from load_channels as channel where channel.slot = 0 and channel.g % 10 = 0)
           )
           from generate_series(
             pg_temp.moment(${nowMs}) - interval '7 days', pg_temp.moment(${nowMs}) - interval '1 day', interval '1 day'
           ) as day`,
        ],
      },
    ];
  },
};
