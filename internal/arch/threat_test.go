package arch

import (
	"fmt"
	"go/ast"
	"strings"
	"testing"
)

// threats are the classes of attack on identity and tokens that the product must
// withstand, each with the tests that show it: an account's start and its people
// (A), credentials (E).
var threats = map[string][]string{
	"A1 finding out addresses by signing up":        {"TestSignupsAreThrottledPerNetwork", "TestRegisterIsDoneOnce"},
	"A2 finding out addresses by asking":            {"TestAskingTellsNothing", "TestWrongPasswordsWaitLongerAndLonger", "TestHashVerifies"},
	"A3 signing up with another's address":          {"TestPreHijackEndsWithTheFirstProof", "TestPreHijackEndsSecondFactorsWithTheFirstProof", "TestVerifyingWhileLoggedInEndsNothing"},
	"A4 taking over by a change of address":         {"TestChangingAnAddressNeedsBoth", "TestAChangeOfAddressCanBeStopped"},
	"A5 setting what is not theirs to set":          {"TestProtectedFieldsAreRefusedEverywhere", "TestBodies"},
	"A6 links that lead elsewhere":                  {"TestLinksInLettersAreNotOfTheRequestsHost"},
	"A7 using a reset link twice":                   {"TestResettingAPassword", "TestAResetLinkIsGoodFor30MinutesAndOnce"},
	"A8 many trials for one person":                 {"TestTrialKey", "TestTrialSignup"},
	"A9 half a signup":                              {"TestTwentyEqualSignupsMakeOneAccount", "TestAFaultAfterEachStatementLeavesNothing", "TestNothingIsHalfMade"},
	"A10 forged and old invitations":                {"TestDeadLinksAreAlike", "TestTenAcceptsOfOneInvitation"},
	"A11 accepting another's invitation":            {"TestOnlyWhoWasInvitedAccepts", "TestSomebodyNewJoinsByTheLetter"},
	"A12 the last seat":                             {"TestTenInvitationsOnTheLastSeat", "TestTenAcceptsOnTheLastSeat", "TestRevokeAgainstAccept"},
	"A13 granting more than one's own":              {"TestWhoMayGiveWhichRole", "TestInvitationsKeepToTheRoles"},
	"A14 the last owner":                            {"TestTwoOwnersDemoteEachOther", "TestOwnershipMovesWhenItIsAccepted"},
	"A15 acting after removal":                      {"TestSwitchingAndRemoval", "TestWhatOneNodeTakesAwayTheOtherRefuses"},
	"A16 belonging to no account":                   {"TestWhoBelongsToNoAccountGetsNoToken"},
	"A17 guessing passwords":                        {"TestWrongPasswordsWaitLongerAndLonger"},
	"A18 hashing as a weapon":                       {"TestAFloodIsRefusedBeforeTheDatabaseIsAsked", "TestHasherQueueIsBounded", "TestLoginsLeaveCoresToOthers"},
	"A19 going around the second factor":            {"TestA19TheSecondFactorCannotBeSkippedAndACodeIsGoodOnce", "TestA19OneCodeTwiceHasOneWinner", "TestA19TheTokenOfABegunLoginOpensNoRoute", "TestA19WrongCodesAreThrottledPerPerson", "TestStaffTakeALostSecondFactorAway", "TestWhoseSecondFactorStaffMayNotTakeAway"},
	"E1 a stolen refresh token":                     {"TestRefreshTokensAreGoodOnce"},
	"E2 refreshing in parallel":                     {"TestRefreshTokensAreGoodOnce"},
	"E3 forgetting what was revoked":                {"TestWhatOneNodeTakesAwayTheOtherRefuses", "TestAKilledProcessNeedsNoRepair"},
	"E4 sessions without an end":                    {"TestConsoleIdleAndAbsoluteLimits", "TestSessionsAreListedAndEnded"},
	"E5 crafted tokens":                             {"TestVerifyCrafted", "TestSignRefuses"},
	"E6 a token for what another is for":            {"TestNoTokenPassesForAnother", "TestOpaque", "TestHashOpaqueRefuses"},
	"E7 tokens of suspended accounts":               {"TestEveryRouteGoesByTheStateOfTheAccount", "TestAStreamIsRefusedAsItsPageIs", "TestDisabledStaffAreOutAtOnce"},
	"E8 leaked and changed keys":                    {"TestAKeyIsABotOfItsAccount", "TestAKeyEnds", "TestAKeyBoundToNetworks", "TestAKeyOfASiteReachesNoOther"},
	"E9 credentials in logs":                        {"TestNoCredentialIsLogged"},
	"E10 replacing the key that signs":              {"TestKeyRotation", "TestASecretCanBeReplacedUnderSecondFactors"},
	"B1 another tenant's objects":                   {"TestEveryRouteAnswersEveryPrincipalAsItShould", "TestForeignAndAbsentCannotBeToldApart", "TestEveryRouteKnowsWhatAKeyMay"},
	"P5 going around the allowances of requests":    {"TestTwoNodesShareAnAllowance", "TestClientAddress"},
	"P9 erasing a person and keeping the books":     {"TestErasureKeepsTheLedgerAndForgetsThePerson"},
	"M1 a check of permission that somebody forgot": {"TestAMissingPermissionIsSeen", "TestAMissingTenantPredicateIsSeen"},
}

func TestEveryThreatHasItsTest(t *testing.T) {
	known := map[string]bool{}
	for _, f := range files(t, func(f file) bool { return f.test }) {
		for _, d := range f.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil {
				known[fn.Name.Name] = true
			}
		}
	}
	for threat, tests := range threats {
		for _, name := range tests {
			if !known[name] {
				t.Errorf("%s: there is no test %s", threat, name)
			}
		}
	}
	for letter, n := range map[string]int{"A": 19, "E": 10} {
		for i := 1; i <= n; i++ {
			found := false
			for threat := range threats {
				found = found || strings.HasPrefix(threat, fmt.Sprintf("%s%d ", letter, i))
			}
			if !found {
				t.Errorf("threat %s%d has no test", letter, i)
			}
		}
	}
}
