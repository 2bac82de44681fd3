package public

import (
	"context"

	"igny8"
	"igny8/internal/team"
	"igny8/internal/web"
	"igny8/internal/web/console"
	"igny8/internal/web/console/text"
	"igny8/internal/web/console/view"
)

// invite shows an invitation. Nothing is used up before a button is pressed.
func (h handler) invite(ctx context.Context, r *console.Request) (console.Response, error) {
	return h.showInvite(ctx, r, view.Form{})
}

func (h handler) showInvite(ctx context.Context, r *console.Request, f view.Form) (console.Response, error) {
	i, err := h.Team.Look(ctx, r.Path("token"))
	if igny8.CodeOf(err) == "link_invalid" {
		res := plainPage(ctx, "invite.dead", deadInvitePage(r.LoggedIn()))
		res.Status = web.Status(igny8.Invalid)
		return res, nil
	}
	if err != nil {
		return console.Response{}, err
	}
	return console.Page(text.T(ctx, "invite.title", i.Account), "", invitePage(r, i, f)).Showing(f).Plain(), nil
}

// acceptInvite makes who is logged in a member, or somebody new with what the form
// says.
func (h handler) acceptInvite(ctx context.Context, r *console.Request) (console.Response, error) {
	var j team.Joined
	var err error
	if r.LoggedIn() {
		j, err = h.Team.Accept(ctx, r.Actor, r.Path("token"))
	} else {
		j, err = h.Team.Join(ctx, r.Path("token"), team.NewPerson{FirstName: r.Value("first_name"), LastName: r.Value("last_name"),
			Password: r.Raw("password"), Code: r.Value("code"), Language: string(r.Lang()), Device: r.Device(ctx, false)})
	}
	switch {
	case err == nil && j.Tokens != nil:
		res, err := r.Enter(ctx, j.Tokens.Access, "/app/"+j.Account.Slug)
		return res.Saying("joined"), err
	case err == nil:
		return console.SeeOther("/app/" + j.Account.Slug).Saying("joined"), nil
	case igny8.CodeOf(err) == "link_invalid":
		return h.showInvite(ctx, r, view.Form{})
	case igny8.KindOf(err) == igny8.Internal:
		return console.Response{}, err
	}
	f := r.RefusedAnyway(ctx, err)
	f.Values.Del("password")
	f.Values.Del("code")
	return h.showInvite(ctx, r, f)
}

// forThem reports whether who is logged in has the invited address.
func forThem(r *console.Request, i team.Invite) bool { return r.User.EmailNorm == i.Row.EmailNorm }
