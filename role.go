package igny8

import "slices"

// Role is what a person or program may do in an account. Developer is platform
// staff and belongs to no tenant; Bot is a service account that cannot log in.
type Role string

// The roles, highest first.
const (
	RoleDeveloper Role = "developer"
	RoleOwner     Role = "owner"
	RoleAdmin     Role = "admin"
	RoleEditor    Role = "editor"
	RoleViewer    Role = "viewer"
	RoleBot       Role = "system_bot"
)

// Permission names one right. Every route names the permission it needs; the
// table below is the only place that grants one.
type Permission string

// The permissions.
const (
	PermPlatform      Permission = "platform"           // staff users, settings, jobs, the platform's audit
	PermPayments      Permission = "platform.payments"  // approve payments
	PermCatalogue     Permission = "platform.catalogue" // plans, prices, payment methods
	PermAccounts      Permission = "platform.accounts"  // look into accounts and act on them
	PermAccountClose  Permission = "account.close"      // close the account, transfer ownership
	PermAccountManage Permission = "account.manage"     // team, API keys, webhooks, account settings
	PermBillingManage Permission = "billing.write"      // pay, change plan
	PermBillingRead   Permission = "billing.read"       // invoices, payments, audit
	PermSiteWrite     Permission = "site.write"         // create and edit sites and sectors
	PermSiteDelete    Permission = "site.delete"
	PermContentWrite  Permission = "content.write" // create, edit, run: spends credits
	PermRead          Permission = "read"          // sites, content, credit balance
	PermAccountRead   Permission = "account.read"  // what the account is
	PermStaff         Permission = "staff"         // a member of staff's own API keys
	PermSelf          Permission = "self"          // one's own profile and sessions
)

var granted = map[Role][]Permission{
	RoleDeveloper: {PermPlatform, PermPayments, PermCatalogue, PermAccounts, PermStaff, PermAccountRead, PermSelf},
	RoleOwner: {PermAccountClose, PermAccountManage, PermBillingManage, PermBillingRead, PermSiteWrite,
		PermSiteDelete, PermContentWrite, PermRead, PermAccountRead, PermSelf},
	RoleAdmin: {PermAccountManage, PermBillingManage, PermBillingRead, PermSiteWrite,
		PermSiteDelete, PermContentWrite, PermRead, PermAccountRead, PermSelf},
	RoleEditor: {PermSiteWrite, PermContentWrite, PermRead, PermAccountRead, PermSelf},
	RoleViewer: {PermRead, PermAccountRead, PermSelf},
	// What a bot may of these its key's scopes say; see package auth.
	RoleBot: {PermContentWrite, PermRead, PermBillingRead, PermBillingManage, PermAccountRead},
}

// Can reports whether the role grants the permission.
func (r Role) Can(p Permission) bool {
	return slices.Contains(granted[r], p)
}

// StaffPermissions are what a staff user can be given, one by one or all.
func StaffPermissions() []Permission {
	return []Permission{PermPayments, PermCatalogue, PermAccounts, PermPlatform}
}

// Platform reports whether the permission is one of staff's.
func (p Permission) Platform() bool { return p == PermStaff || slices.Contains(StaffPermissions(), p) }

// TenantRole reports whether the role may be held through a membership.
func (r Role) TenantRole() bool {
	return r == RoleOwner || r == RoleAdmin || r == RoleEditor || r == RoleViewer
}

// Roles lists all roles, highest first.
func Roles() []Role {
	return []Role{RoleDeveloper, RoleOwner, RoleAdmin, RoleEditor, RoleViewer, RoleBot}
}
