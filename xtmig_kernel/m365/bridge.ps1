# The PowerShell end of xtmig's transport: powershell. xtmig starts it; it is not meant to be run by hand.
#
# It reads requests from standard input and writes answers to standard output, one line of JSON each. It connects with
# a token that xtmig hands over, proves the tenant, and runs the cmdlets named below and no others. It writes no file
# and reads none. It ends when its input ends. It works in Windows PowerShell 5.1 and in PowerShell 7.

$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
# the functions of a module do not see the preference of a script
$PSDefaultParameterValues = @{ '*:ErrorAction' = 'Stop' }
$Oldest = [version]'3.1.0'
$Allowed = @(
    'Add-DistributionGroupMember', 'Add-MailboxFolderPermission', 'Add-MailboxPermission', 'Add-RecipientPermission',
    'Complete-MigrationBatch', 'Enable-Mailbox', 'Enable-OrganizationCustomization',
    'Export-MailboxDiagnosticLogs', 'Get-AcceptedDomain',
    'Get-CalendarProcessing', 'Get-CASMailbox', 'Get-DistributionGroup', 'Get-DistributionGroupMember',
    'Get-Mailbox', 'Get-MailboxFolderPermission',
    'Get-MailboxFolderStatistics', 'Get-MailboxPermission', 'Get-MailboxStatistics', 'Get-MailUser',
    'Get-ManagementRoleAssignment',
    'Get-MigrationBatch', 'Get-MigrationEndpoint', 'Get-MigrationUser', 'Get-MigrationUserStatistics',
    'Get-MoveRequest', 'Get-OrganizationConfig', 'Get-OrganizationRelationship', 'Get-Recipient',
    'Get-RecipientPermission', 'Get-User', 'New-DistributionGroup', 'New-MailUser', 'New-MigrationBatch',
    'New-MigrationEndpoint', 'New-OrganizationRelationship', 'Remove-DistributionGroup',
    'Remove-DistributionGroupMember', 'Remove-MigrationBatch', 'Remove-MigrationEndpoint', 'Remove-MigrationUser',
    'Remove-OrganizationRelationship', 'Set-Mailbox', 'Set-MailUser', 'Set-MigrationBatch', 'Set-MigrationEndpoint',
    'Set-MigrationUser', 'Set-OrganizationRelationship', 'Set-User', 'Start-MigrationBatch',
    'Stop-MigrationBatch', 'Stop-MigrationUser', 'Test-MigrationServerAvailability'
)
$Utf8 = [System.Text.UTF8Encoding]::new($false)
# the streams themselves: the console's reader and writer would use the code page of the machine
$Reader = [System.IO.StreamReader]::new([Console]::OpenStandardInput(), $Utf8)
$Writer = [System.IO.StreamWriter]::new([Console]::OpenStandardOutput(), $Utf8)
$Writer.AutoFlush = $true
# in Windows PowerShell this type data makes some arrays into objects with a Count
Remove-TypeData -TypeName System.Array -ErrorAction SilentlyContinue
$Session = $null

function Get-Text($Base64) { $Utf8.GetString([Convert]::FromBase64String($Base64)) }

function Get-Secure($Base64) {
    # a method call: parameters of cmdlets can end up in PowerShell's log
    [System.Net.NetworkCredential]::new('', (Get-Text $Base64)).SecurePassword
}

function Get-Value($Item) {
    switch ($Item.kind) {
        'null' { return $null }
        'bool' { return [bool]$Item.value }
        'number' { return [long]$Item.value }
        'text' { return (Get-Text $Item.value) }
        'time' { return [datetime]::SpecifyKind([datetime](Get-Text $Item.value), 'Utc') }
        'bytes' { return , [Convert]::FromBase64String($Item.value) }
        'secret' { return (Get-Secure $Item.value) }
        'credential' {
            return [System.Management.Automation.PSCredential]::new((Get-Text $Item.user), (Get-Secure $Item.value))
        }
        'table' { return (Get-Table $Item.value) }
        'list' {
            $Values = [System.Collections.ArrayList]@()
            foreach ($One in $Item.value) { $null = $Values.Add((Get-Value $One)) }
            return , $Values.ToArray()
        }
    }
    throw @{ 'refused' = 'value'; 'detail' = [string]$Item.kind }
}

function Get-Table($Pairs) {
    $Table = @{}
    foreach ($Pair in $Pairs) { $Table[$Pair.name] = Get-Value $Pair.value }
    $Table
}

function ConvertTo-Plain($Value, $Depth) {
    if ($null -eq $Value) { return $null }
    if ($Value -is [string]) { return $Value.ToString() }
    if ($Value -is [datetime]) {
        if ($Value.Kind -eq 'Unspecified') { $Value = [datetime]::SpecifyKind($Value, 'Utc') }
        return $Value.ToUniversalTime().ToString('s') + 'Z'
    }
    if ($Value -is [System.DateTimeOffset]) { return $Value.UtcDateTime.ToString('s') + 'Z' }
    if ($Value -is [enum]) { return $Value.ToString() }
    if ($Value.GetType().IsPrimitive -or $Value -is [decimal]) { return $Value.PSObject.BaseObject }
    if ($Value -is [System.ValueType]) { return $Value.ToString() }
    if ($Value -is [byte[]]) { return [Convert]::ToBase64String($Value) }
    if ($Value -is [System.Collections.IDictionary]) {
        $Table = [ordered]@{}
        if ($Depth -gt 8) { return $Table }
        foreach ($Key in $Value.Keys) { $Table[[string]$Key] = ConvertTo-Plain $Value[$Key] ($Depth + 1) }
        return $Table
    }
    if ($Value -is [System.Collections.IEnumerable]) {
        $List = [System.Collections.ArrayList]@()
        foreach ($Item in $Value) { $null = $List.Add((ConvertTo-Plain $Item ($Depth + 1))) }
        return , $List
    }
    # what can tell itself as text does so in the service's JSON, too: sizes, addresses, identities
    $Text = [string]$Value
    if ($Depth -gt 8 -or ($Text -and -not $Text.StartsWith('@{') -and $Text -ne $Value.GetType().FullName)) {
        return $Text
    }
    ConvertTo-Row $Value @() ($Depth + 1)
}

function ConvertTo-Row($Value, $Select, $Depth) {
    $Row = [ordered]@{}
    if ($Value -is [string] -or $Value -is [System.ValueType]) {
        $Row['Value'] = ConvertTo-Plain $Value $Depth
        return $Row
    }
    foreach ($Property in $Value.PSObject.Properties) {
        if ($Select.Count -gt 0 -and $Select -notcontains $Property.Name) { continue }
        $Row[$Property.Name] = ConvertTo-Plain $Property.Value $Depth
    }
    $Row
}

function Connect-Tenant($Request) {
    $script:Session = $null
    if ($Request.environment -eq 'simulated') { throw @{ 'refused' = 'practice'; 'detail' = '' } }
    # a broken module beside it is no reason to stop
    $Found = Get-Module -ListAvailable -Name ExchangeOnlineManagement -ErrorAction SilentlyContinue
    $Module = $Found | Sort-Object -Property Version -Descending | Select-Object -First 1
    if ($null -eq $Module) { throw @{ 'refused' = 'no_module'; 'detail' = '' } }
    if ($Module.Version -lt $Oldest) { throw @{ 'refused' = 'old_module'; 'detail' = [string]$Module.Version } }
    Import-Module -Name ExchangeOnlineManagement -RequiredVersion $Module.Version *> $null
    if (@(Get-ConnectionInformation).Count -gt 0) { Disconnect-ExchangeOnline -Confirm:$false *> $null }
    $Parameters = @{
        'AccessToken' = $Request.token
        'ExchangeEnvironmentName' = $Request.environment
        'ShowBanner' = $false
    }
    $Parameters[$Request.account.name] = Get-Text $Request.account.value
    Connect-ExchangeOnline @Parameters *> $null
    $Connection = @(Get-ConnectionInformation)[-1]
    if ([string]$Connection.TenantID -ne $Request.tenant) {
        Disconnect-ExchangeOnline -Confirm:$false *> $null
        throw @{ 'refused' = 'other_tenant'; 'detail' = [string]$Connection.TenantID }
    }
    $script:Session = Split-Path -Leaf $Connection.ModuleName
    @{ 'module' = [string]$Module.Version; 'shell' = [string]$PSVersionTable.PSVersion }
}

function Get-Offered {
    if ($null -eq $Session) { throw @{ 'refused' = 'not_connected'; 'detail' = '' } }
    $Common = [System.Management.Automation.Cmdlet]::CommonParameters
    $Offered = [ordered]@{}
    foreach ($Command in (Get-Command -Module $Session -CommandType Function)) {
        $Names = [System.Collections.ArrayList]@()
        foreach ($Name in $Command.Parameters.Keys) {
            if ($Common -notcontains $Name) { $null = $Names.Add($Name) }
        }
        $Offered[$Command.Name] = $Names
    }
    $Offered
}

function Invoke-Listed($Request) {
    if ($null -eq $Session) { throw @{ 'refused' = 'not_connected'; 'detail' = '' } }
    if ($Allowed -cnotcontains $Request.cmdlet) { throw @{ 'refused' = 'cmdlet'; 'detail' = [string]$Request.cmdlet } }
    # of the session's own module: another module may have a command of that name
    $Command = Get-Command -Module $Session -Name $Request.cmdlet -ErrorAction SilentlyContinue
    if ($null -eq $Command) {
        throw [System.Management.Automation.CommandNotFoundException]::new("$($Request.cmdlet) is not offered.")
    }
    $Parameters = Get-Table $Request.parameters
    $Select = @($Request.select)
    $Rows = [System.Collections.ArrayList]@()
    $Warnings = [System.Collections.ArrayList]@()
    foreach ($Item in @(& $Command @Parameters 3>&1 4> $null 5> $null 6> $null)) {
        if ($Item -is [System.Management.Automation.WarningRecord]) { $null = $Warnings.Add($Item.Message) }
        elseif ($null -ne $Item) { $null = $Rows.Add((ConvertTo-Row $Item $Select 1)) }
    }
    @{ 'rows' = $Rows; 'warnings' = $Warnings }
}

function Get-Failure($Problem) {
    if ($Problem.TargetObject -is [hashtable] -and $Problem.TargetObject.Contains('refused')) {
        return $Problem.TargetObject
    }
    @{
        'type' = $Problem.Exception.GetType().FullName
        'reason' = [string]$Problem.CategoryInfo.Reason
        'id' = [string]$Problem.FullyQualifiedErrorId
        'category' = [string]$Problem.CategoryInfo.Category
        'message' = [string]$Problem
    }
}

while ($true) {
    $Line = $Reader.ReadLine()
    if ($null -eq $Line) { break }
    # without an id nobody could be answered; the end of this process is an answer, too
    try { $Request = ConvertFrom-Json -InputObject $Line } catch { break }
    $Answer = [ordered]@{ 'id' = $Request.id }
    try {
        switch ($Request.do) {
            'connect' { $Answer['result'] = Connect-Tenant $Request }
            'offered' { $Answer['result'] = Get-Offered }
            'run' { $Answer['result'] = Invoke-Listed $Request }
        }
    } catch {
        $Answer['error'] = Get-Failure $_
    }
    $Text = ConvertTo-Json -InputObject $Answer -Depth 20 -Compress
    # a line of its own, whatever the host may have printed before it
    $Writer.WriteLine()
    $Writer.WriteLine($Text)
}
