create or replace function core.update_settings(p_patch jsonb)
returns core.user_settings
language plpgsql
volatile
-- Makes the row when an account has none yet; nobody has an insert grant.
security definer
set search_path = ''
as $$
declare
  me uuid := core.require_member();
  current_settings core.user_settings;
  wanted core.user_settings;
  merged jsonb := p_patch;
  section text;
begin
  perform core.check_patch(p_patch, array[
    'theme', 'language', 'timezone', 'profile_visibility', 'presence_visibility', 'friend_request_policy', 'dm_policy',
    'paranoia_level', 'allow_ai_analysis', 'notifications', 'privacy', 'accessibility', 'preferences'
  ]);

  insert into core.user_settings (user_id) values (me) on conflict do nothing;
  select * into current_settings from core.user_settings where user_id = me for no key update;

  -- Objects merge one level deep, so that a client that knows one switch does not erase the others.
  foreach section in array array['notifications', 'privacy', 'accessibility', 'preferences'] loop
    if p_patch ? section then
      if jsonb_typeof(p_patch -> section) <> 'object' then
        perform core.fail('input.malformed');
      end if;

      merged := jsonb_set(merged, array[section], (
        select coalesce(jsonb_object_agg(entry.key, entry.value), '{}')
        from jsonb_each((to_jsonb(current_settings) -> section) || (p_patch -> section)) as entry
        where entry.value <> 'null'::jsonb
      ));

      if length((merged -> section)::text) > 32768 then
        perform core.fail('input.too_long');
      end if;
    end if;
  end loop;

  begin
    wanted := jsonb_populate_record(current_settings, merged);
    perform now() at time zone wanted.timezone;
    if wanted.timezone !~ '^[A-Za-z]+([/_+-][A-Za-z0-9_+-]+)*$'
      or wanted.language !~ '^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$'
    then
      perform core.fail('input.malformed');
    end if;

    update core.user_settings
    set theme = wanted.theme,
        language = wanted.language,
        timezone = wanted.timezone,
        profile_visibility = wanted.profile_visibility,
        presence_visibility = wanted.presence_visibility,
        friend_request_policy = wanted.friend_request_policy,
        dm_policy = wanted.dm_policy,
        paranoia_level = wanted.paranoia_level,
        allow_ai_analysis = wanted.allow_ai_analysis,
        notifications = wanted.notifications,
        privacy = wanted.privacy,
        accessibility = wanted.accessibility,
        preferences = wanted.preferences
    where user_id = me
    returning * into wanted;
  exception
    when string_data_right_truncation then
      perform core.fail('input.too_long');
    when check_violation or not_null_violation or invalid_text_representation or numeric_value_out_of_range
      or invalid_parameter_value
    then
      perform core.fail('input.malformed');
  end;

  return wanted;
end
$$;

comment on function core.update_settings(jsonb) is
  'Changes the caller''s preferences that the patch names. notifications, privacy, accessibility and preferences merge one level deep (a key set to null goes away) and hold 32 kB each. notifications takes a type as key, and false or an object such as {"bell": false} as value. Refuses input.unknown_key, input.malformed, input.too_long.';

revoke all on function core.update_settings(jsonb) from public;
grant execute on function core.update_settings(jsonb) to stoa_member;
