/**
 * For each invariant, what somebody would have to do behind the back of all triggers to break it. Run on the demo
 * community, as a superuser whose session has triggers and foreign keys off.
 */
export interface Breakage {
  readonly sql: string;
  /** What mends it in production, where something does: the nightly job and the invariant then mean the same. */
  readonly repair?: string;
}

const upload = `
  insert into media.uploads (id, filename, content_type, size_bytes, storage_path, status)
  values ('00000000-0000-7000-8000-0000000000f1', 'a.png', 'image/png', 1, 'a', 'ready');`;

const repairPosts = 'select forums.repair_counters(array(select id from forums.posts))';
const repairGroups = 'select groups.repair_counters(array(select id from groups.groups))';
const repairProposals = 'select governance.repair_counters(array(select id from governance.proposals))';
const repairTotals = 'select tracker.repair_statistics(array(select user_id from tracker.user_statistics))';
const repairCatalogue = `select tracker.repair_counters(array(
  select id from tracker.torrents union all select id from tracker.requests
  union all select id from tracker.collections union all select id from tracker.tags))`;

const someTorrent = '(select id from tracker.torrents order by id limit 1)';
const somePost = '(select id from forums.posts where comment_count > 2 order by id limit 1)';
const someComment = '(select id from forums.comments where reply_count > 0 order by id limit 1)';
const someConversation = '(select id from messaging.conversations where last_seq > 3 order by id limit 1)';
const someChannel = '(select id from groups.channels where last_seq > 3 order by id limit 1)';

export const breakages: Readonly<Record<string, Breakage>> = {
  'ops.partitions.registered': { sql: `delete from ops.partition_policies where parent = 'audit.logs'` },
  'ops.partitions.attached': { sql: 'create table parts.left_over (id uuid)' },
  'ops.partitions.contiguous': {
    sql: `do $$ begin
      execute 'drop table ' || (select partition from ops.partition_bounds('audit.logs') order by upper_bound offset 1 limit 1);
    end $$`,
  },
  'ops.partitions.named': {
    sql: `do $$ begin
      execute 'alter table ' || (select partition from ops.partition_bounds('audit.logs') order by upper_bound offset 1 limit 1)
        || ' rename to audit_logs_1999_01';
    end $$`,
  },
  'ops.partitions.bounds': {
    sql: `do $$ declare last_part text; begin
      select partition into last_part from ops.partition_bounds('audit.logs') order by upper_bound desc limit 1;
      execute format('alter table audit.logs detach partition %s', last_part);
      execute format(
        'alter table audit.logs attach partition %s for values from (%L) to (%L)', last_part,
        (select core.uuidv7_floor(max(upper_bound)) from ops.partition_bounds('audit.logs')),
        (select core.uuidv7_floor(max(upper_bound) + interval '10 days') from ops.partition_bounds('audit.logs'))
      );
    end $$`,
  },
  'ops.partitions.policies': {
    sql: `insert into ops.partition_policies (parent, key_kind) values ('core.no_such_table', 'uuidv7')`,
  },
  'ops.partitions.ahead': {
    sql: `do $$ begin
      execute (
        select string_agg('drop table ' || partition, ';')
        from ops.partition_bounds('audit.logs')
        where upper_bound > now() + interval '32 days'
      );
    end $$`,
    repair: 'select ops.ensure_partitions()',
  },

  'core.profiles.visibility': {
    sql: `update core.profiles set visibility = 'private' where user_id = (select user_id from core.profiles order by 1 limit 1)`,
  },
  'core.presence.visibility': {
    sql: `update core.presence set visibility = 'private' where user_id = (select user_id from core.presence order by 1 limit 1)`,
  },

  'auth.accounts.system': {
    sql: `insert into auth.accounts (user_id) select id from core.users where is_system limit 1`,
  },
  'auth.recovery_codes.second_factor': {
    sql: `insert into auth.recovery_codes (user_id, code_hash) select user_id, 'x' from auth.accounts limit 1`,
  },
  'auth.wallets.address_key': {
    sql: `insert into auth.wallets (user_id, address, address_key)
      select user_id, '0x00000000000000000000000000000000000000AB', '0x00000000000000000000000000000000000000AB'
      from auth.accounts limit 1`,
  },

  'notifications.open_groups.entry': {
    sql: `update notifications.notifications set group_key = 'something else'
      where id = (select notification_id from notifications.open_groups order by 1 limit 1)`,
  },

  'social.friend_edges.mirror': {
    sql: `delete from social.friend_edges where (user_id, friend_id) = (
      select user_id, friend_id from social.friend_edges order by 1, 2 limit 1)`,
    repair: 'select social.repair_friend_edges()',
  },
  'social.blocks.no_friends': {
    sql: `insert into social.blocks (blocker_id, blocked_id) select friend_id, user_id from social.friendships order by 1, 2 limit 1`,
  },

  'forums.forums.post_count': {
    sql: `update forums.forums set post_count = post_count + 1 where slug = 'general'`,
    repair: repairPosts,
  },
  'forums.forums.subscriber_count': {
    sql: `update forums.forums set subscriber_count = 0 where slug = 'general'`,
    repair: repairPosts,
  },
  'forums.forums.last_post': {
    sql: `update forums.forums set last_post_id = (select id from forums.posts order by id limit 1) where slug = 'general'`,
    repair: repairPosts,
  },
  'forums.posts.votes': {
    sql: `update forums.posts set upvote_count = upvote_count + 1, score = score + 1 where id = ${somePost}`,
    repair: repairPosts,
  },
  'forums.posts.comment_count': {
    sql: `update forums.posts set comment_count = 0 where id = ${somePost}`,
    repair: repairPosts,
  },
  'forums.posts.last_activity': {
    sql: `update forums.posts set last_comment_id = (select id from forums.comments order by id limit 1) where id = ${somePost}`,
    repair: repairPosts,
  },
  'forums.polls.choices': {
    sql: `insert into forums.polls (post_id) select id from forums.posts where type = 'text' order by id limit 1`,
  },
  'forums.poll_options.vote_count': {
    sql: `update forums.poll_options set vote_count = vote_count + 1 where post_id = (select post_id from forums.polls order by 1 limit 1)`,
    repair: repairPosts,
  },
  'forums.poll_votes.single_choice': {
    sql: `insert into forums.poll_votes (post_id, user_id, position)
      select post_id, user_id, (position + 1) % 3 from forums.poll_votes order by 1, 2 limit 1`,
  },
  'forums.comments.votes': {
    sql: `update forums.comments set downvote_count = downvote_count + 1, score = score - 1 where id = ${someComment}`,
    repair: repairPosts,
  },
  'forums.comments.reply_count': {
    sql: `update forums.comments set reply_count = reply_count + 2 where id = ${someComment}`,
    repair: repairPosts,
  },
  'forums.comments.path': {
    sql: `update forums.comments set path = array[core.uuidv7()] where id = ${someComment} and depth = 0
      or id = (select id from forums.comments where depth = 0 order by id limit 1)`,
  },
  'forums.removed_texts.tombstone': {
    sql: `insert into forums.removed_texts (comment_id, content) values (${someComment}, 'still to be read')`,
  },
  'forums.post_attachments.upload': {
    sql: `${upload} insert into forums.post_attachments (post_id, upload_id) values (${somePost}, '00000000-0000-7000-8000-0000000000f1')`,
  },

  'messaging.conversations.last_message': {
    sql: `update messaging.conversations set last_seq = last_seq - 1 where id = ${someConversation}`,
    repair: 'select messaging.repair_positions(array(select id from messaging.conversations))',
  },
  'messaging.messages.order': {
    sql: `update messaging.messages set seq = 1 where conversation_id = ${someConversation} and seq = 2`,
  },
  'messaging.messages.no_gaps': {
    sql: `delete from messaging.messages where conversation_id = ${someConversation} and seq = 2`,
  },
  'messaging.conversation_participants.markers': {
    sql: `update messaging.conversation_participants set last_read_seq = 1000000 where conversation_id = ${someConversation}`,
  },
  'messaging.conversations.people': {
    sql: `delete from messaging.conversation_participants
      where conversation_id = (select id from messaging.conversations where kind = 'direct' order by id limit 1)`,
  },
  'messaging.conversations.owner': {
    sql: `update messaging.conversation_participants set role = 'member' where role = 'owner'`,
  },
  'messaging.messages.sender': {
    sql: `update messaging.messages set sender_id = (select id from core.users where is_system limit 1)
      where conversation_id = ${someConversation} and seq = 2`,
  },
  'messaging.removed_texts.tombstone': {
    sql: `insert into messaging.removed_texts (conversation_id, message_id, content)
      select conversation_id, id, 'still to be read' from messaging.messages order by 1, 2 limit 1`,
  },
  'messaging.message_attachments.upload': {
    sql: `${upload} insert into messaging.message_attachments (conversation_id, message_id, upload_id, filename, content_type, size_bytes)
      select conversation_id, id, '00000000-0000-7000-8000-0000000000f1', 'a.png', 'image/png', 1
      from messaging.messages order by 1, 2 limit 1`,
  },

  'groups.groups.member_count': {
    sql: `update groups.groups set member_count = member_count + 1 where id = (select id from groups.groups order by 1 limit 1)`,
    repair: repairGroups,
  },
  'groups.groups.foundation': {
    sql: `delete from groups.group_settings where group_id = (select id from groups.groups order by 1 limit 1)`,
  },
  'groups.channels.last_message': {
    sql: `update groups.channels set last_seq = last_seq - 1 where id = ${someChannel}`,
  },
  'groups.channel_messages.order': {
    sql: `update groups.channel_messages set seq = 1 where channel_id = ${someChannel} and seq = 2`,
  },
  'groups.threads.message_count': {
    sql: `update groups.channels set type = 'thread', parent_channel_id = id where id = ${someChannel};
      insert into groups.threads (channel_id, parent_channel_id) values (${someChannel}, ${someChannel})`,
    repair: repairGroups,
  },
  'groups.threads.channel': {
    sql: `insert into groups.threads (channel_id, parent_channel_id, message_count) values (${someChannel}, ${someChannel}, 1000000)`,
  },
  'groups.channel_reads.marker': {
    sql: `update groups.channel_reads set last_read_seq = 1000000 where channel_id = ${someChannel}`,
  },
  'groups.channel_reads.mention_count': {
    sql: `update groups.channel_reads set mention_count = mention_count + 1 where channel_id = ${someChannel}`,
    repair: repairGroups,
  },
  'groups.channel_reads.member': {
    sql: `delete from groups.group_members where (group_id, user_id) = (
      select channel.group_id, marker.user_id from groups.channel_reads as marker
      join groups.channels as channel on channel.id = marker.channel_id order by 1, 2 limit 1)`,
  },
  'groups.bans.not_members': {
    sql: `insert into groups.bans (group_id, user_id) select group_id, user_id from groups.group_members order by 1, 2 limit 1`,
  },
  'groups.group_member_roles.default_role': {
    sql: `insert into groups.group_member_roles (group_id, user_id, role_id)
      select member.group_id, member.user_id, role.id
      from groups.group_members as member
      join groups.roles as role on role.group_id = member.group_id and role.is_default
      order by 1, 2 limit 1`,
  },
  'groups.invites.use_count': { sql: 'update groups.invites set use_count = 0' },
  'groups.message_attachments.upload': {
    sql: `${upload} insert into groups.custom_emojis (group_id, name, upload_id)
      select id, 'soup', '00000000-0000-7000-8000-0000000000f1' from groups.groups order by 1 limit 1`,
  },

  'governance.user_tokens.voting_power': {
    sql: `update governance.user_tokens set voting_power = voting_power + 1
      where user_id = (select user_id from governance.user_tokens order by 1 limit 1)`,
  },
  'governance.proposals.snapshot_power': {
    sql: `update governance.proposals set snapshot_power = snapshot_power + 1 where status = 'passed'`,
  },
  'governance.votes.voting_power': {
    sql: `update governance.votes set voting_power = voting_power / 2
      where proposal_id = (select id from governance.proposals where status = 'active')`,
  },
  'governance.vote_tallies.ballots': {
    sql: 'update governance.vote_tallies set yes_votes = yes_votes + 1 where shard = 3',
    repair: repairProposals,
  },
  'governance.proposals.result': {
    sql: `update governance.proposals set yes_votes = yes_votes + 1, total_votes = total_votes + 1 where status = 'passed'`,
  },
  'governance.proposals.outcome': {
    sql: `update governance.proposals set status = 'rejected' where status = 'passed'`,
  },
  'governance.comments.reactions': {
    sql: `update governance.comments set likes = likes + 1 where id = (select id from governance.comments order by id limit 1)`,
    repair: repairProposals,
  },
  'governance.removed_texts.tombstone': {
    sql: `insert into governance.removed_texts (proposal_id, comment_id, content)
      select proposal_id, id, 'still to be read' from governance.comments order by 1, 2 limit 1`,
  },

  'ledger.transactions.holdings': {
    sql: `update governance.user_tokens set balance = balance + 1
      where user_id = (select user_id from governance.user_tokens order by 1 limit 1)`,
  },
  'ledger.transactions.transfers': {
    sql: `update ledger.transactions set amount = amount * 2 where type = 'transfer' and amount > 0`,
  },
  'ledger.chain_receipts.movement': {
    sql: `insert into ledger.chain_receipts (network, transaction_hash, user_id, transaction_id)
      select 'ethereum', '0xab', user_id, id from ledger.transactions order by 1, 2 limit 1;
      set constraints all immediate`,
  },

  'tracker.torrents.files': { sql: 'delete from tracker.torrent_files where position = 0' },
  'tracker.torrents.upload': {
    sql: `${upload} update tracker.torrents set torrent_upload_id = '00000000-0000-7000-8000-0000000000f1' where id = ${someTorrent}`,
  },
  'tracker.torrent_statistics.row': {
    sql: `delete from tracker.torrent_statistics where torrent_id = ${someTorrent}`,
  },
  'tracker.torrent_statistics.times_completed': {
    sql: 'update tracker.torrent_statistics set times_completed = 0',
  },
  'tracker.comments.comment_count': {
    sql: `update tracker.comments set deleted_at = now() where id = (select id from tracker.comments order by id limit 1)`,
    repair: repairCatalogue,
  },
  'tracker.torrent_tag_assignments.score': {
    sql: 'update tracker.torrent_tag_assignments set score = score + 1',
    repair: repairCatalogue,
  },
  'tracker.tags.usage_count': { sql: 'update tracker.tags set usage_count = 0', repair: repairCatalogue },
  'tracker.requests.vote_count': {
    sql: 'update tracker.requests set vote_count = vote_count + 1',
    repair: repairCatalogue,
  },
  'tracker.requests.total_bounty': {
    sql: 'update tracker.requests set total_bounty = total_bounty + 1',
    repair: repairCatalogue,
  },
  'tracker.requests.escrow': {
    sql: `update tracker.requests set status = 'cancelled' where status = 'pending'`,
  },
  'tracker.request_bounties.movements': {
    sql: `update tracker.request_bounties set amount = amount + 1 where id = (select id from tracker.request_bounties order by id limit 1)`,
  },
  'tracker.bonus_transactions.balance': {
    sql: `update tracker.bonus_transactions set balance_after = balance_after + 1 where kind = 'bounty_escrow'`,
  },
  'tracker.user_statistics.points': {
    sql: 'update tracker.user_statistics set seedbonus = seedbonus + 1',
    repair: repairTotals,
  },
  'tracker.user_statistics.counts': {
    sql: 'update tracker.user_statistics set torrents_uploaded = torrents_uploaded + 1',
    repair: repairTotals,
  },
  'tracker.user_statistics.history': {
    sql: 'update tracker.user_statistics set uploaded = 0',
    repair: repairTotals,
  },
  'tracker.collections.item_count': {
    sql: 'update tracker.collections set item_count = item_count + 1',
    repair: repairCatalogue,
  },
  'tracker.collections.subscriber_count': {
    sql: 'update tracker.collections set subscriber_count = subscriber_count + 1',
    repair: repairCatalogue,
  },

  'workspace.projects.owner': {
    sql: `update workspace.project_members set role = 'member' where role = 'owner'`,
  },
  'workspace.projects.last_task_number': { sql: 'update workspace.projects set last_task_number = 1' },
  'workspace.tasks.tree': {
    sql: `update workspace.tasks as task
      set parent_id = other.id
      from workspace.tasks as other
      where other.project_id = task.project_id and (task.number, other.number) in ((1, 2), (2, 1))`,
  },
  'workspace.documents.tree': {
    sql: `update workspace.documents as page
      set parent_id = other.id
      from workspace.documents as other
      where other.project_id = page.project_id and other.id < page.id;
      update workspace.documents set deleted_at = now() where parent_id is null`,
  },

  'insight.message_analyses.message': {
    sql: `update groups.channel_messages set content = '', deleted_at = now()
      where id = (select message_id from insight.message_analyses order by 1 limit 1)`,
  },
  'insight.message_analyses.consent': { sql: 'update core.user_settings set allow_ai_analysis = false' },
  'insight.conversation_summaries.message_count': {
    sql: 'update insight.conversation_summaries set message_count = message_count + 1',
  },
  'insight.summary_participants.message_count': {
    sql: 'update insight.summary_participants set message_count = message_count + 1',
  },

  'media.uploads.digest': { sql: upload },
  'media.uploads.purged': { sql: `${upload} update media.uploads set purged_at = now()` },

  'audit.logs.guards': {
    sql: `do $$ begin
      execute 'drop trigger refuse_truncate on ' || (select partition from ops.partition_bounds('audit.logs') limit 1);
    end $$`,
  },
  'audit.logs.no_secrets': {
    sql: `insert into audit.logs (actor_role, action, resource_type, new_values)
      values ('stoa_member', 'change', 'auth.accounts', '{"password_hash": "x", "email": "y"}')`,
  },
  'audit.privacy_requests.state': {
    sql: `insert into audit.privacy_requests (user_id, kind, status, completed_at)
      select user_id, 'erase', 'done', now() from auth.accounts limit 1`,
  },

  'moderation.queue_items.report_count': {
    sql: `update moderation.queue_items set report_count = report_count + 1 where status = 'pending'`,
  },
  'moderation.reports.work': {
    sql: `update moderation.queue_items set status = 'resolved', resolution = 'dismissed', resolved_at = now() where status = 'pending'`,
  },
  'moderation.bans.account': {
    sql: `update core.users set banned_until = 'infinity' where username::text = 'demo'`,
  },
  'moderation.bans.restrictions': {
    sql: `insert into moderation.bans (user_id, ban_type, reason) select user_id, 'chat', 'Noise' from moderation.warnings`,
  },
};
