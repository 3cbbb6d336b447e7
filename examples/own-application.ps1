<#
.SYNOPSIS
Makes the application with which xtmig signs in to one tenant, with the least rights that the runbook needs there.

.DESCRIPTION
A single-tenant application with a certificate, consented to in this tenant alone. It is not the migration application.
Nobody has run this script in PowerShell yet: read it first, and run it with -WhatIf first.

It needs the modules Microsoft.Graph.Authentication, Microsoft.Graph.Applications and ExchangeOnlineManagement, and a
person who may consent to application permissions (Privileged Role Administrator) and make role groups (Exchange
Administrator). It makes no secret and writes none down: the certificate's private key stays where you made it.

.PARAMETER TenantId
The tenant's ID. Every sign-in of this script is to this tenant.

.PARAMETER Side
source or target: which of the two tenants of the move this one is.

.PARAMETER CertificateFile
The public certificate (.cer, DER or base64). Never a file with a private key.

.PARAMETER Name
What the application and its role group are called.

.PARAMETER XtmigConsents
Where project.yaml says consent: xtmig for this side.

.PARAMETER GivesLicences
Where licences.add_on_side names this side.

.EXAMPLE
./own-application.ps1 -TenantId 7a26e700-0000-4000-8000-0000000007ad -Side target -CertificateFile operator.cer -GivesLicences -WhatIf
#>
[CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'High')]
param(
    [Parameter(Mandatory = $true)] [guid] $TenantId,
    [Parameter(Mandatory = $true)] [ValidateSet('source', 'target')] [string] $Side,
    [Parameter(Mandatory = $true)] [string] $CertificateFile,
    [string] $Name = 'xtmig runbook operator',
    [switch] $XtmigConsents,
    [switch] $GivesLicences
)

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

# What each side needs; "xtmig check-access" says the same by name if anything of it is missing.
$graphSource = @('Application.Read.All', 'User.Read.All', 'Organization.Read.All')
$graphTarget = @('Application.ReadWrite.All', 'User.Read.All', 'Organization.Read.All', 'GroupMember.Read.All', 'Policy.Read.All')
$graphConsents = @('Application.ReadWrite.All', 'AppRoleAssignment.ReadWrite.All')
$graphLicences = @('LicenseAssignment.ReadWrite.All', 'User.ReadWrite.All')
$exchangeSource = @('Organization Configuration', 'Mail Recipients', 'Security Group Creation and Membership')
$exchangeTarget = @('Organization Configuration', 'Migration', 'Move Mailboxes', 'Mail Recipients', 'Mail Recipient Creation')

$graphAppId = '00000003-0000-0000-c000-000000000000'
$exchangeAppId = '00000002-0000-0ff1-ce00-000000000000'

if ($Side -eq 'source') { $graph = $graphSource; $roles = $exchangeSource } else { $graph = $graphTarget; $roles = $exchangeTarget }
if ($XtmigConsents) { $graph = $graph + $graphConsents }
if ($GivesLicences) { $graph = $graph + $graphLicences }
$graph = $graph | Sort-Object -Unique

$certificate = New-Object System.Security.Cryptography.X509Certificates.X509Certificate2 -ArgumentList (Resolve-Path -LiteralPath $CertificateFile).ProviderPath
if ($certificate.HasPrivateKey) { throw 'This file holds a private key. Give the public certificate alone.' }

Connect-MgGraph -TenantId $TenantId.ToString() -Scopes 'Application.ReadWrite.All', 'AppRoleAssignment.ReadWrite.All' -NoWelcome
if ((Get-MgContext).TenantId -ne $TenantId.ToString()) { throw 'This sign-in is of another tenant. Nothing was made.' }

$same = @(Get-MgApplication -All | Where-Object { $_.DisplayName -eq $Name })
if ($same.Count -gt 0) { throw 'An application with this name is there already. Give another -Name, or remove that one.' }

# Every permission is found by its name, so that no ID stands here that could be another one's.
$wanted = @(
    @{ AppId = $graphAppId; Values = $graph },
    @{ AppId = $exchangeAppId; Values = @('Exchange.ManageAsApp') }
)
$grants = @()
$access = @()
foreach ($resource in $wanted) {
    $principal = Get-MgServicePrincipal -Filter ('appId eq ''{0}''' -f $resource.AppId)
    $entries = @()
    foreach ($value in $resource.Values) {
        $role = @($principal.AppRoles | Where-Object { $_.Value -eq $value -and $_.AllowedMemberTypes -contains 'Application' })
        if ($role.Count -ne 1) { throw ('The permission {0} was not found. Nothing was made.' -f $value) }
        $entries += @{ Id = $role[0].Id; Type = 'Role' }
        $grants += @{ ResourceId = $principal.Id; AppRoleId = $role[0].Id }
    }
    $access += @{ ResourceAppId = $resource.AppId; ResourceAccess = $entries }
}

if ($PSCmdlet.ShouldProcess($TenantId.ToString(), ('make {0} with {1}' -f $Name, ($graph -join ', ')))) {
    $body = @{
        DisplayName            = $Name
        SignInAudience         = 'AzureADMyOrg'
        RequiredResourceAccess = $access
        KeyCredentials         = @(@{ Type = 'AsymmetricX509Cert'; Usage = 'Verify'; Key = $certificate.RawData })
    }
    $application = New-MgApplication -BodyParameter $body
    $own = New-MgServicePrincipal -AppId $application.AppId
    foreach ($grant in $grants) {
        $assignment = @{ PrincipalId = $own.Id; ResourceId = $grant.ResourceId; AppRoleId = $grant.AppRoleId }
        New-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $own.Id -BodyParameter $assignment | Out-Null
    }

    # A role group of its own instead of the Entra role Exchange Administrator, which may do much more.
    Connect-ExchangeOnline -ShowBanner:$false
    if ((Get-ConnectionInformation | Select-Object -Last 1).TenantID -ne $TenantId.ToString()) { throw 'This Exchange sign-in is of another tenant. The application is there, its role group is not.' }
    New-ServicePrincipal -AppId $application.AppId -ObjectId $own.Id -DisplayName $Name | Out-Null
    New-RoleGroup -Name $Name -Roles $roles -Members $own.Id | Out-Null

    Write-Output ('client_id: {0}' -f $application.AppId)
}
