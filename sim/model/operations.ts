/** What an operation answers when all is well, and who may call it. */
export interface Operation {
  readonly method: string;
  /** Path below the version, parameters in braces. */
  readonly template: string;
  /** Status on success; where several exist, the one without an extra query. */
  readonly status: number;
  /** True where Discord asks for no `Authorization`. */
  readonly isOpen: boolean;
}

/**
 * Every operation of Discord's OpenAPI document (read 2026-07), plus the two
 * OAuth2 token endpoints that it leaves out: `method status template`, with
 * `open` at the end where the document lists an empty security option.
 */
const ROWS = `
GET 200 /applications/@me
PATCH 200 /applications/@me
GET 200 /applications/{application_id}
PATCH 200 /applications/{application_id}
GET 200 /applications/{application_id}/activity-instances/{instance_id}
POST 200 /applications/{application_id}/attachment
GET 200 /applications/{application_id}/commands
POST 201 /applications/{application_id}/commands
PUT 200 /applications/{application_id}/commands
DELETE 204 /applications/{application_id}/commands/{command_id}
GET 200 /applications/{application_id}/commands/{command_id}
PATCH 200 /applications/{application_id}/commands/{command_id}
GET 200 /applications/{application_id}/emojis
POST 201 /applications/{application_id}/emojis
DELETE 204 /applications/{application_id}/emojis/{emoji_id}
GET 200 /applications/{application_id}/emojis/{emoji_id}
PATCH 200 /applications/{application_id}/emojis/{emoji_id}
GET 200 /applications/{application_id}/entitlements
POST 200 /applications/{application_id}/entitlements
DELETE 204 /applications/{application_id}/entitlements/{entitlement_id}
GET 200 /applications/{application_id}/entitlements/{entitlement_id}
POST 204 /applications/{application_id}/entitlements/{entitlement_id}/consume
GET 200 /applications/{application_id}/guilds/{guild_id}/commands
POST 201 /applications/{application_id}/guilds/{guild_id}/commands
PUT 200 /applications/{application_id}/guilds/{guild_id}/commands
GET 200 /applications/{application_id}/guilds/{guild_id}/commands/permissions
DELETE 204 /applications/{application_id}/guilds/{guild_id}/commands/{command_id}
GET 200 /applications/{application_id}/guilds/{guild_id}/commands/{command_id}
PATCH 200 /applications/{application_id}/guilds/{guild_id}/commands/{command_id}
GET 200 /applications/{application_id}/guilds/{guild_id}/commands/{command_id}/permissions
PUT 200 /applications/{application_id}/guilds/{guild_id}/commands/{command_id}/permissions
GET 200 /applications/{application_id}/role-connections/metadata
PUT 200 /applications/{application_id}/role-connections/metadata
DELETE 200 /channels/{channel_id}
GET 200 /channels/{channel_id}
PATCH 200 /channels/{channel_id}
POST 200 /channels/{channel_id}/followers
GET 200 /channels/{channel_id}/invites
POST 200 /channels/{channel_id}/invites
GET 200 /channels/{channel_id}/messages
POST 200 /channels/{channel_id}/messages
POST 204 /channels/{channel_id}/messages/bulk-delete
GET 200 /channels/{channel_id}/messages/pins
DELETE 204 /channels/{channel_id}/messages/pins/{message_id}
PUT 204 /channels/{channel_id}/messages/pins/{message_id}
DELETE 204 /channels/{channel_id}/messages/{message_id}
GET 200 /channels/{channel_id}/messages/{message_id}
PATCH 200 /channels/{channel_id}/messages/{message_id}
POST 200 /channels/{channel_id}/messages/{message_id}/crosspost
DELETE 204 /channels/{channel_id}/messages/{message_id}/reactions
DELETE 204 /channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}
GET 200 /channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}
DELETE 204 /channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/@me
PUT 204 /channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/@me
DELETE 204 /channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/{user_id}
POST 201 /channels/{channel_id}/messages/{message_id}/threads
DELETE 204 /channels/{channel_id}/permissions/{overwrite_id}
PUT 204 /channels/{channel_id}/permissions/{overwrite_id}
GET 200 /channels/{channel_id}/pins
DELETE 204 /channels/{channel_id}/pins/{message_id}
PUT 204 /channels/{channel_id}/pins/{message_id}
GET 200 /channels/{channel_id}/polls/{message_id}/answers/{answer_id}
POST 200 /channels/{channel_id}/polls/{message_id}/expire
DELETE 204 /channels/{channel_id}/recipients/{user_id}
PUT 201 /channels/{channel_id}/recipients/{user_id}
POST 204 /channels/{channel_id}/send-soundboard-sound
GET 200 /channels/{channel_id}/thread-members
DELETE 204 /channels/{channel_id}/thread-members/@me
PUT 204 /channels/{channel_id}/thread-members/@me
DELETE 204 /channels/{channel_id}/thread-members/{user_id}
GET 200 /channels/{channel_id}/thread-members/{user_id}
PUT 204 /channels/{channel_id}/thread-members/{user_id}
POST 201 /channels/{channel_id}/threads
GET 200 /channels/{channel_id}/threads/archived/private
GET 200 /channels/{channel_id}/threads/archived/public
GET 200 /channels/{channel_id}/threads/search
POST 204 /channels/{channel_id}/typing
GET 200 /channels/{channel_id}/users/@me/threads/archived/private
PUT 204 /channels/{channel_id}/voice-status
GET 200 /channels/{channel_id}/webhooks
POST 200 /channels/{channel_id}/webhooks
GET 200 /gateway open
GET 200 /gateway/bot
GET 200 /guilds/templates/{code} open
GET 200 /guilds/{guild_id}
PATCH 200 /guilds/{guild_id}
GET 200 /guilds/{guild_id}/audit-logs
GET 200 /guilds/{guild_id}/auto-moderation/rules
POST 200 /guilds/{guild_id}/auto-moderation/rules
DELETE 204 /guilds/{guild_id}/auto-moderation/rules/{rule_id}
GET 200 /guilds/{guild_id}/auto-moderation/rules/{rule_id}
PATCH 200 /guilds/{guild_id}/auto-moderation/rules/{rule_id}
GET 200 /guilds/{guild_id}/bans
DELETE 204 /guilds/{guild_id}/bans/{user_id}
GET 200 /guilds/{guild_id}/bans/{user_id}
PUT 204 /guilds/{guild_id}/bans/{user_id}
POST 200 /guilds/{guild_id}/bulk-ban
GET 200 /guilds/{guild_id}/channels
PATCH 204 /guilds/{guild_id}/channels
POST 201 /guilds/{guild_id}/channels
GET 200 /guilds/{guild_id}/emojis
POST 201 /guilds/{guild_id}/emojis
DELETE 204 /guilds/{guild_id}/emojis/{emoji_id}
GET 200 /guilds/{guild_id}/emojis/{emoji_id}
PATCH 200 /guilds/{guild_id}/emojis/{emoji_id}
PUT 200 /guilds/{guild_id}/incident-actions
GET 200 /guilds/{guild_id}/integrations
DELETE 204 /guilds/{guild_id}/integrations/{integration_id}
GET 200 /guilds/{guild_id}/invites
GET 200 /guilds/{guild_id}/members
PATCH 200 /guilds/{guild_id}/members/@me
GET 200 /guilds/{guild_id}/members/search
DELETE 204 /guilds/{guild_id}/members/{user_id}
GET 200 /guilds/{guild_id}/members/{user_id}
PATCH 200 /guilds/{guild_id}/members/{user_id}
PUT 201 /guilds/{guild_id}/members/{user_id}
DELETE 204 /guilds/{guild_id}/members/{user_id}/roles/{role_id}
PUT 204 /guilds/{guild_id}/members/{user_id}/roles/{role_id}
GET 200 /guilds/{guild_id}/messages/search
GET 200 /guilds/{guild_id}/new-member-welcome
GET 200 /guilds/{guild_id}/onboarding
PUT 200 /guilds/{guild_id}/onboarding
GET 200 /guilds/{guild_id}/preview
GET 200 /guilds/{guild_id}/prune
POST 200 /guilds/{guild_id}/prune
GET 200 /guilds/{guild_id}/regions
GET 200 /guilds/{guild_id}/requests
PATCH 200 /guilds/{guild_id}/requests/{request_id}
GET 200 /guilds/{guild_id}/roles
PATCH 200 /guilds/{guild_id}/roles
POST 200 /guilds/{guild_id}/roles
GET 200 /guilds/{guild_id}/roles/member-counts
DELETE 204 /guilds/{guild_id}/roles/{role_id}
GET 200 /guilds/{guild_id}/roles/{role_id}
PATCH 200 /guilds/{guild_id}/roles/{role_id}
GET 200 /guilds/{guild_id}/scheduled-events
POST 200 /guilds/{guild_id}/scheduled-events
DELETE 204 /guilds/{guild_id}/scheduled-events/{guild_scheduled_event_id}
GET 200 /guilds/{guild_id}/scheduled-events/{guild_scheduled_event_id}
PATCH 200 /guilds/{guild_id}/scheduled-events/{guild_scheduled_event_id}
POST 200 /guilds/{guild_id}/scheduled-events/{guild_scheduled_event_id}/exceptions
DELETE 204 /guilds/{guild_id}/scheduled-events/{guild_scheduled_event_id}/exceptions/{exception_id}
PATCH 200 /guilds/{guild_id}/scheduled-events/{guild_scheduled_event_id}/exceptions/{exception_id}
GET 200 /guilds/{guild_id}/scheduled-events/{guild_scheduled_event_id}/users
GET 200 /guilds/{guild_id}/scheduled-events/{guild_scheduled_event_id}/users/counts
GET 200 /guilds/{guild_id}/scheduled-events/{guild_scheduled_event_id}/{guild_scheduled_event_exception_id}/users
GET 200 /guilds/{guild_id}/soundboard-sounds
POST 201 /guilds/{guild_id}/soundboard-sounds
DELETE 204 /guilds/{guild_id}/soundboard-sounds/{sound_id}
GET 200 /guilds/{guild_id}/soundboard-sounds/{sound_id}
PATCH 200 /guilds/{guild_id}/soundboard-sounds/{sound_id}
GET 200 /guilds/{guild_id}/stickers
POST 201 /guilds/{guild_id}/stickers
DELETE 204 /guilds/{guild_id}/stickers/{sticker_id}
GET 200 /guilds/{guild_id}/stickers/{sticker_id}
PATCH 200 /guilds/{guild_id}/stickers/{sticker_id}
GET 200 /guilds/{guild_id}/templates
POST 200 /guilds/{guild_id}/templates
DELETE 200 /guilds/{guild_id}/templates/{code}
PATCH 200 /guilds/{guild_id}/templates/{code}
PUT 200 /guilds/{guild_id}/templates/{code}
GET 200 /guilds/{guild_id}/threads/active
GET 200 /guilds/{guild_id}/vanity-url
GET 200 /guilds/{guild_id}/voice-states/@me
PATCH 204 /guilds/{guild_id}/voice-states/@me
GET 200 /guilds/{guild_id}/voice-states/{user_id}
PATCH 204 /guilds/{guild_id}/voice-states/{user_id}
GET 200 /guilds/{guild_id}/webhooks
GET 200 /guilds/{guild_id}/welcome-screen
PATCH 200 /guilds/{guild_id}/welcome-screen
GET 200 /guilds/{guild_id}/widget
PATCH 200 /guilds/{guild_id}/widget
GET 200 /guilds/{guild_id}/widget.json open
GET 200 /guilds/{guild_id}/widget.png open
POST 204 /interactions/{interaction_id}/{interaction_token}/callback open
DELETE 200 /invites/{code}
GET 200 /invites/{code} open
GET 200 /invites/{code}/target-users
PUT 204 /invites/{code}/target-users
POST 200 /invites/{code}/target-users/bulk-add
POST 200 /invites/{code}/target-users/bulk-delete
GET 200 /invites/{code}/target-users/job-status
DELETE 204 /invites/{code}/target-users/{user_id}
PUT 200 /invites/{code}/target-users/{user_id}
POST 201 /lobbies
PUT 200 /lobbies
DELETE 204 /lobbies/{lobby_id}
GET 200 /lobbies/{lobby_id}
PATCH 200 /lobbies/{lobby_id}
PATCH 200 /lobbies/{lobby_id}/channel-linking
DELETE 204 /lobbies/{lobby_id}/members/@me
POST 200 /lobbies/{lobby_id}/members/@me/invites
POST 200 /lobbies/{lobby_id}/members/bulk
DELETE 204 /lobbies/{lobby_id}/members/{user_id}
PUT 200 /lobbies/{lobby_id}/members/{user_id}
POST 200 /lobbies/{lobby_id}/members/{user_id}/invites
GET 200 /lobbies/{lobby_id}/messages
POST 201 /lobbies/{lobby_id}/messages
PUT 204 /lobbies/{lobby_id}/messages/{message_id}/moderation-metadata
GET 200 /oauth2/@me
GET 200 /oauth2/applications/@me
GET 200 /oauth2/keys open
POST 200 /oauth2/token open
POST 200 /oauth2/token/revoke open
GET 200 /oauth2/userinfo
PUT 204 /partner-sdk/dms/{user_id_1}/{user_id_2}/messages/{message_id}/moderation-metadata
POST 204 /partner-sdk/provisional-accounts/unmerge open
POST 204 /partner-sdk/provisional-accounts/unmerge/bot
POST 200 /partner-sdk/token open
POST 200 /partner-sdk/token/bot
GET 200 /skus/{sku_id}/subscriptions
GET 200 /skus/{sku_id}/subscriptions/{subscription_id}
GET 200 /soundboard-default-sounds
POST 200 /stage-instances
DELETE 204 /stage-instances/{channel_id}
GET 200 /stage-instances/{channel_id}
PATCH 200 /stage-instances/{channel_id}
GET 200 /sticker-packs open
GET 200 /sticker-packs/{pack_id}
GET 200 /stickers/{sticker_id}
GET 200 /users/@me
PATCH 200 /users/@me
GET 200 /users/@me/applications/{application_id}/entitlements
DELETE 204 /users/@me/applications/{application_id}/role-connection
GET 200 /users/@me/applications/{application_id}/role-connection
PUT 200 /users/@me/applications/{application_id}/role-connection
POST 200 /users/@me/channels
GET 200 /users/@me/connections
GET 200 /users/@me/guilds
DELETE 204 /users/@me/guilds/{guild_id}
GET 200 /users/@me/guilds/{guild_id}/member
GET 200 /users/{user_id}
GET 200 /voice/regions
DELETE 204 /webhooks/{webhook_id}
GET 200 /webhooks/{webhook_id}
PATCH 200 /webhooks/{webhook_id}
DELETE 204 /webhooks/{webhook_id}/{webhook_token} open
GET 200 /webhooks/{webhook_id}/{webhook_token} open
PATCH 200 /webhooks/{webhook_id}/{webhook_token} open
POST 204 /webhooks/{webhook_id}/{webhook_token} open
POST 204 /webhooks/{webhook_id}/{webhook_token}/github open
DELETE 204 /webhooks/{webhook_id}/{webhook_token}/messages/@original open
GET 200 /webhooks/{webhook_id}/{webhook_token}/messages/@original open
PATCH 200 /webhooks/{webhook_id}/{webhook_token}/messages/@original open
DELETE 204 /webhooks/{webhook_id}/{webhook_token}/messages/{message_id} open
GET 200 /webhooks/{webhook_id}/{webhook_token}/messages/{message_id} open
PATCH 200 /webhooks/{webhook_id}/{webhook_token}/messages/{message_id} open
POST 200 /webhooks/{webhook_id}/{webhook_token}/slack open
`;

/** The table the router is built from. */
export const OPERATIONS: readonly Operation[] = ROWS.trim().split("\n").map(
  (row) => {
    const [method = "", status = "", template = "", open] = row.split(" ");
    return {
      method,
      template,
      status: Number(status),
      isOpen: open === "open",
    };
  },
);
