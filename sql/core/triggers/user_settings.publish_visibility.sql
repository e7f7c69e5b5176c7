create or replace trigger publish_visibility
after insert or update of profile_visibility, presence_visibility on core.user_settings
for each row execute function core.publish_visibility();

comment on trigger publish_visibility on core.user_settings is 'Policies of profiles and presence read a copy of what a person chose.';
