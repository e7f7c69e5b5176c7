create or replace function core.update_profile(p_patch jsonb)
returns core.profiles
language plpgsql
volatile
-- Writes two tables under one set of rules.
security definer
set search_path = ''
as $$
declare
  me uuid := core.require_member();
  account core.users;
  profile core.profiles;
begin
  perform core.check_patch(p_patch, array[
    'display_name', 'avatar_url', 'banner_url',
    'bio', 'custom_status', 'custom_status_expires_at', 'website', 'twitter', 'discord', 'telegram'
  ]);

  select * into account from core.users where id = me for no key update;

  if p_patch ?| array['display_name', 'avatar_url', 'banner_url'] then
    account.display_name := core.patch_text(p_patch, 'display_name', account.display_name, 100);
    account.avatar_url := core.patch_text(p_patch, 'avatar_url', account.avatar_url, 2000);
    account.banner_url := core.patch_text(p_patch, 'banner_url', account.banner_url, 2000);
    if account.avatar_url !~ '^(https?:/)?/' or account.banner_url !~ '^(https?:/)?/' then
      perform core.fail('input.malformed');
    end if;

    update core.users
    set display_name = account.display_name,
        avatar_url = account.avatar_url,
        banner_url = account.banner_url
    where id = me;
  end if;

  insert into core.profiles (user_id) values (me) on conflict do nothing;
  select * into profile from core.profiles where user_id = me for no key update;

  profile.bio := core.patch_text(p_patch, 'bio', profile.bio, 500);
  profile.custom_status := core.patch_text(p_patch, 'custom_status', profile.custom_status, 128);
  profile.website := core.patch_text(p_patch, 'website', profile.website, 2000);
  profile.twitter := core.patch_text(p_patch, 'twitter', profile.twitter, 50);
  profile.discord := core.patch_text(p_patch, 'discord', profile.discord, 50);
  profile.telegram := core.patch_text(p_patch, 'telegram', profile.telegram, 50);

  begin
    profile.custom_status_expires_at :=
      core.patch_text(p_patch, 'custom_status_expires_at', profile.custom_status_expires_at::text, 50)::timestamptz;

    update core.profiles
    set bio = profile.bio,
        custom_status = profile.custom_status,
        custom_status_expires_at = profile.custom_status_expires_at,
        website = profile.website,
        twitter = profile.twitter,
        discord = profile.discord,
        telegram = profile.telegram
    where user_id = me
    returning * into profile;
  exception
    when check_violation or invalid_datetime_format or datetime_field_overflow then
      perform core.fail('input.malformed');
  end;

  return profile;
end
$$;

comment on function core.update_profile(jsonb) is
  'Changes the fields that the patch names, nulls those it nulls, leaves the rest: display_name (100 characters), avatar_url, banner_url and website (http or https, 2,000), bio (500), custom_status (128), custom_status_expires_at (a time), twitter, discord, telegram (50). Refuses input.unknown_key, input.too_long, input.malformed.';

revoke all on function core.update_profile(jsonb) from public;
grant execute on function core.update_profile(jsonb) to stoa_member;
