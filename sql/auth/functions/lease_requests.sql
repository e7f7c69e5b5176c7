create or replace function auth.lease_requests(p_scope text, p_key bytea, p_per_minute integer, p_wanted integer)
returns table (granted integer, retry_after integer)
language sql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
rows 1
as $$
  insert into auth.request_rates as known (scope, key_hash, tokens, granted)
  values (
    p_scope,
    p_key,
    p_per_minute - least(p_wanted, p_per_minute),
    least(p_wanted, p_per_minute)
  )
  -- The row is locked before its level is read: two processes cannot lease the same tokens.
  on conflict (scope, key_hash) do update set
    (tokens, granted, updated_at) = (
      select
        bucket.level - least(p_wanted, floor(bucket.level)::integer),
        least(p_wanted, floor(bucket.level)::integer),
        clock.moment
      from (select clock_timestamp() as moment) as clock
      cross join lateral (
        select least(
          p_per_minute,
          known.tokens
            + greatest(extract(epoch from clock.moment - known.updated_at)::double precision, 0) * p_per_minute / 60
        ) as level
      ) as bucket
    )
  returning
    known.granted,
    case when known.granted = 0 then greatest(ceil((1 - known.tokens) * 60 / p_per_minute), 1)::integer end
$$;

comment on function auth.lease_requests(text, bytea, integer, integer) is
  'Takes up to p_wanted requests out of the bucket of a key, which holds p_per_minute and fills again in a minute. Says how many were taken, and after how many seconds there is one again where there was none. One row, by its key, without WAL.';

revoke all on function auth.lease_requests(text, bytea, integer, integer) from public;
grant execute on function auth.lease_requests(text, bytea, integer, integer) to stoa_auth;
