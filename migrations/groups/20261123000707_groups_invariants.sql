-- Why: registers what must hold about the tables of this module, for "stoa doctor invariants".
-- Locks: none. Back: deletes the rows of this module.

-- Up Migration

insert into ops.invariants (name, module, description, query) values
  (
    'groups.groups.member_count',
    'groups',
    'A group counts its members and, among them, its supporters.',
    $query$
      select
        target.id::text as subject,
        coalesce(counted.members, 0) || ' members, ' || coalesce(counted.supporters, 0) || ' supporters' as expected,
        target.member_count || ' members, ' || target.premium_subscription_count || ' supporters' as found
      from groups.groups as target
      left join (
        select member.group_id, count(*) as members, count(member.premium_since) as supporters
        from groups.group_members as member
        group by member.group_id
      ) as counted on counted.group_id = target.id
      where target.member_count <> coalesce(counted.members, 0)
        or target.premium_subscription_count <> coalesce(counted.supporters, 0)
    $query$
  ),
  (
    'groups.groups.foundation',
    'groups',
    'A group has its settings, its default role, and its owner among its members.',
    $query$
      select target.id::text as subject, missing.name as expected, 'missing' as found
      from groups.groups as target
      cross join lateral (
        values
          ('settings', exists (select from groups.group_settings as settings where settings.group_id = target.id)),
          (
            'a default role',
            exists (select from groups.roles as role where role.group_id = target.id and role.is_default)
          ),
          (
            'the owner as a member',
            exists (
              select
              from groups.group_members as member
              where member.group_id = target.id and member.user_id = target.owner_id
            )
          )
      ) as missing (name, is_there)
      where not missing.is_there
    $query$
  ),
  (
    'groups.channels.last_message',
    'groups',
    'A channel is never behind its newest message, neither in number nor in identifier. It may be ahead: messages are purged.',
    $query$
      select
        channel.id::text as subject,
        newest.seq || ' ' || newest.id as expected,
        concat_ws(' ', channel.last_seq, channel.last_message_id) as found
      from groups.channels as channel
      join (
        select distinct on (message.channel_id) message.channel_id, message.seq, message.id
        from groups.channel_messages as message
        order by message.channel_id, message.id desc
      ) as newest on newest.channel_id = channel.id
      where newest.seq > channel.last_seq
        or channel.last_message_id is null
        or newest.id > channel.last_message_id
    $query$
  ),
  (
    'groups.channel_messages.order',
    'groups',
    'Within a channel numbers and identifiers ascend together, and no number is there twice.',
    $query$
      select
        ordered.channel_id || ' ' || ordered.id as subject,
        'a number above ' || ordered.seq_before as expected,
        ordered.seq::text as found
      from (
        select
          message.channel_id,
          message.id,
          message.seq,
          lag(message.seq) over (partition by message.channel_id order by message.id) as seq_before
        from groups.channel_messages as message
      ) as ordered
      where ordered.seq <= ordered.seq_before
    $query$
  ),
  (
    'groups.threads.message_count',
    'groups',
    'A thread counts every message that was written in it: those that are left, and those that were purged.',
    $query$
      select
        thread.channel_id::text as subject,
        'at least ' || counted.amount as expected,
        thread.message_count::text as found
      from groups.threads as thread
      join (
        select message.channel_id, count(*) as amount from groups.channel_messages as message group by message.channel_id
      ) as counted on counted.channel_id = thread.channel_id
      where thread.message_count < counted.amount
    $query$
  ),
  (
    'groups.threads.channel',
    'groups',
    'A channel of the type thread has its row among the threads, and no other channel has.',
    $query$
      select
        channel.id::text as subject,
        case channel.type when 'thread' then 'a row of groups.threads' else 'no row of groups.threads' end as expected,
        case when thread.channel_id is null then 'none' else 'one' end as found
      from groups.channels as channel
      left join groups.threads as thread on thread.channel_id = channel.id
      where (channel.type = 'thread') <> (thread.channel_id is not null)
    $query$
  ),
  (
    'groups.channel_reads.marker',
    'groups',
    'Nobody has read further than a channel goes: unread counts are never negative.',
    $query$
      select
        marker.channel_id || ' ' || marker.user_id as subject,
        'at most ' || channel.last_seq as expected,
        marker.last_read_seq::text as found
      from groups.channel_reads as marker
      join groups.channels as channel on channel.id = marker.channel_id
      where marker.last_read_seq > channel.last_seq
    $query$
  ),
  (
    'groups.channel_reads.mention_count',
    'groups',
    'A read marker counts the mentions of its reader after it or, in a channel that was never opened, since they came.',
    $query$
      select
        marker.channel_id || ' ' || marker.user_id as subject,
        counted.amount::text as expected,
        marker.mention_count::text as found
      from groups.channel_reads as marker
      join groups.channels as channel on channel.id = marker.channel_id
      join groups.group_members as member on member.group_id = channel.group_id and member.user_id = marker.user_id
      left join lateral (
        select count(*) as amount
        from groups.message_mentions as mention
        where mention.user_id = marker.user_id
          and mention.channel_id = marker.channel_id
          and case
            when marker.last_read_message_id is null then mention.message_id >= core.uuidv7_floor(member.joined_at)
            else mention.message_id > marker.last_read_message_id
          end
      ) as counted on true
      where marker.mention_count <> counted.amount
    $query$
  ),
  (
    'groups.channel_reads.member',
    'groups',
    'Only members have read markers, follow threads and are in voice channels: all of it ends with the membership.',
    $query$
      select kept.kind || ' of ' || kept.user_id || ' in ' || kept.channel_id as subject, 'a member' as expected, 'none' as found
      from (
        select 'marker' as kind, marker.user_id, marker.channel_id from groups.channel_reads as marker
        union all
        select 'thread', follower.user_id, follower.channel_id from groups.thread_members as follower
        union all
        select 'voice session', session.user_id, session.channel_id
        from groups.voice_sessions as session
        where session.left_at is null
      ) as kept
      join groups.channels as channel on channel.id = kept.channel_id
      where not exists (
        select
        from groups.group_members as member
        where member.group_id = channel.group_id and member.user_id = kept.user_id
      )
    $query$
  ),
  (
    'groups.bans.not_members',
    'groups',
    'Nobody is a member of a group that bans them.',
    $query$
      select ban.group_id || ' ' || ban.user_id as subject, 'no membership' as expected, 'a member' as found
      from groups.bans as ban
      join groups.group_members as member on member.group_id = ban.group_id and member.user_id = ban.user_id
      where ban.expires_at is null or ban.expires_at > now()
    $query$
  ),
  (
    'groups.group_member_roles.default_role',
    'groups',
    'The default role is held by everybody, so nobody is recorded as holding it.',
    $query$
      select
        held.group_id || ' ' || held.user_id as subject,
        'no row for the default role' as expected,
        role.name::text as found
      from groups.group_member_roles as held
      join groups.roles as role on role.id = held.role_id
      where role.is_default
    $query$
  ),
  (
    'groups.invites.use_count',
    'groups',
    'An invitation counts everybody who came by it, those who left again too.',
    $query$
      select
        invite.id::text as subject,
        'at least ' || counted.amount as expected,
        invite.use_count::text as found
      from groups.invites as invite
      join (
        select member.invite_id, count(*) as amount
        from groups.group_members as member
        where member.invite_id is not null
        group by member.invite_id
      ) as counted on counted.invite_id = invite.id
      where invite.use_count < counted.amount
    $query$
  ),
  (
    'groups.message_attachments.upload',
    'groups',
    'A file of a message, or the picture of an emoji, is marked as in use, so that it is not removed as an orphan.',
    $query$
      select upload.id::text as subject, 'marked as attached' as expected, 'not marked' as found
      from (
        select attachment.upload_id from groups.message_attachments as attachment
        union
        select emoji.upload_id from groups.custom_emojis as emoji
      ) as used
      join media.uploads as upload on upload.id = used.upload_id
      where upload.attached_at is null
    $query$
  );

-- Down Migration

delete from ops.invariants where module = 'groups';
