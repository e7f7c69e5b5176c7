create or replace function groups.in_force(p_bits bigint, p_is_member boolean, p_is_restricted boolean, p_in_channel boolean)
returns bigint
language sql
immutable
parallel safe
begin atomic
  -- One expression without a sub-query, so that it is inlined: for the channels of all public groups it is worked out
  -- row by row, and a call for each costs ten times the rest.
  select p_bits
    & case
      when not p_is_member then 66560
      when p_is_restricted then 1115136
      else ~0::bigint
    end
    & case
      when p_in_channel and p_bits & 1024 = 0 then 0
      when p_in_channel and p_bits & 2048 = 0 then ~1073905664::bigint
      else ~0::bigint
    end;
end;

comment on function groups.in_force(bigint, boolean, boolean, boolean) is
  'Internal. The last steps of working out permissions. From outside one can only look (VIEW_CHANNEL, READ_HISTORY); a member in a time-out or before screening can look and connect, whatever an override allows. In a channel that cannot be viewed nothing is permitted, and where one cannot write one can neither attach, call everybody nor start threads.';

revoke all on function groups.in_force(bigint, boolean, boolean, boolean) from public;
