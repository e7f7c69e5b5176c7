create or replace function forums.hot_rank(p_score integer, p_at timestamptz)
returns double precision
language sql
immutable
parallel safe
begin atomic
  select case
    when p_score = 0 then 0::double precision
    else sign(p_score::double precision) * (
      ln(abs(p_score::double precision)) / 0.69314718055994530942::double precision
      + extract(epoch from (p_at at time zone 'UTC'))::double precision / 43200
    )
  end;
end;

comment on function forums.hot_rank(integer, timestamptz) is
  E'@internal\nThe key of the hot feed: its order is that of score / 2^(age / 12 hours), but it does not depend on the present moment, so an index can hold it. For a positive score log2(score) + epoch / 43200, mirrored for a negative one, 0 for 0. The half-life is a constant: changing it rewrites forums.posts.';

revoke all on function forums.hot_rank(integer, timestamptz) from public;
grant execute on function forums.hot_rank(integer, timestamptz) to stoa_anonymous, stoa_worker;
