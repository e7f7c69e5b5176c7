create or replace function tracker.announce(
  p_passkey_hash bytea,
  p_info_hash bytea,
  p_peer_id bytea,
  p_ip inet,
  p_port integer,
  p_uploaded bigint,
  p_downloaded bigint,
  p_left bigint,
  p_event text default '',
  p_user_agent text default null,
  p_numwant integer default null
)
returns table (
  failure_reason text,
  failure text,
  interval_seconds integer,
  min_interval_seconds integer,
  complete integer,
  incomplete integer,
  peers bytea,
  peers6 bytea
)
language sql
volatile
-- As tracker.announce_many.
security definer
set search_path = ''
begin atomic
  select
    answer.failure_reason, answer.failure, answer.interval_seconds, answer.min_interval_seconds, answer.complete,
    answer.incomplete, answer.peers, answer.peers6
  from tracker.announce_many(
    jsonb_build_array(
      jsonb_build_object(
        'passkey_hash', encode(p_passkey_hash, 'hex'),
        'info_hash', encode(p_info_hash, 'hex'),
        'peer_id', encode(p_peer_id, 'hex'),
        'ip', host(p_ip),
        'port', p_port,
        'uploaded', p_uploaded,
        'downloaded', p_downloaded,
        'left', p_left,
        'event', p_event,
        'user_agent', p_user_agent,
        'numwant', p_numwant
      )
    )
  ) as answer;
end;

comment on function tracker.announce(bytea, bytea, bytea, inet, integer, bigint, bigint, bigint, text, text, integer) is
  E'@internal\nOne announce: tracker.announce_many with a set of one.';

revoke all on function tracker.announce(bytea, bytea, bytea, inet, integer, bigint, bigint, bigint, text, text, integer) from public;
grant execute on function tracker.announce(bytea, bytea, bytea, inet, integer, bigint, bigint, bigint, text, text, integer) to stoa_tracker;
