<?php

namespace App\Markdown;

/** Renders a small part of Markdown, enough for comments and release notes, as HTML. */
final class MarkdownRenderer
{
    private const ISSUE_URL = '/-/issues/';

    /** Elements for the marks of emphasis, longer marks first. */
    private const EMPHASIS = ['**' => 'strong', '~~' => 'del', '*' => 'em'];

    /** @var list<string> finished pieces of HTML that are put back at the end of a line */
    private array $kept = [];

    /** @param string $project the path of the project that "#12" refers to */
    public function __construct(private readonly string $project)
    {
    }

    /** The HTML of a whole text, one block a line. */
    public function render(string $text): string
    {
        $lines = explode("\n", str_replace("\r\n", "\n", $text));
        $html = [];
        while ($lines !== []) {
            $line = array_shift($lines);
            if (preg_match('/^```(\w*)$/', $line, $match)) {
                $html[] = $this->codeBlock($match[1], $lines);
            } elseif (preg_match('/^(#{1,6}) +(.+)$/', $line, $match)) {
                $html[] = $this->heading(strlen($match[1]), $match[2]);
            } elseif (preg_match('/^> ?/', $line)) {
                array_unshift($lines, $line);
                $quoted = preg_replace('/^> ?/', '', $this->takeWhile($lines, '/^>/'));
                $html[] = "<blockquote>\n" . $this->render(implode("\n", $quoted)) . "\n</blockquote>";
            } elseif (preg_match('/^([-*]|\d+\.) /', $line)) {
                array_unshift($lines, $line);
                $html[] = $this->list($lines, is_numeric($line[0]));
            } elseif (trim($line) !== '') {
                array_unshift($lines, $line);
                $paragraph = $this->takeWhile($lines, '/^(?!```|#{1,6} |>|[-*] |\d+\. )\s*\S/');
                if ($paragraph === []) {
                    $paragraph = [array_shift($lines)];
                }
                $html[] = '<p>' . implode("<br>\n", array_map($this->inline(...), $paragraph)) . '</p>';
            }
        }

        return implode("\n", $html);
    }

    /** The HTML of a text within a line. */
    public function inline(string $text): string
    {
        $text = preg_replace_callback('/(`+)(.+?)(?<!`)\1(?!`)/', fn ($m) => $this->keep($this->code($m[2])), $text);
        $text = htmlspecialchars($text, ENT_QUOTES);
        $text = preg_replace_callback('/\[([^\]]+)\]\(([^\s)]+)\)/', fn ($m) => $this->link($m[1], $m[2]), $text);
        foreach (self::EMPHASIS as $mark => $element) {
            $quoted = preg_quote($mark, '/');
            $text = preg_replace("/$quoted(?=\S)(.+?)(?<=\S)$quoted/", "<$element>$1</$element>", $text);
        }
        $text = preg_replace_callback('/(?<![\w&\/])#(\d+)\b/', fn ($m) => $this->issue($m[1]), $text);

        return preg_replace_callback('/\x00(\d+)\x00/', fn ($m) => $this->kept[(int) $m[1]], $text);
    }

    /** The table of contents: links to all headings up to a level, indented by their level. */
    public function contents(string $text, int $maxLevel = 3): string
    {
        $withoutCode = preg_replace('/^```.*?(^```$|\z)/ms', '', $text);
        preg_match_all('/^(#{1,6}) +(.+)$/m', $withoutCode, $found, PREG_SET_ORDER);
        $lines = [];
        foreach ($found as [, $marks, $title]) {
            $level = strlen($marks);
            if ($level <= $maxLevel) {
                $lines[] = str_repeat('  ', $level - 1) . "- [$title](#" . self::anchor($title) . ')';
            }
        }

        return implode("\n", $lines);
    }

    /** The id of a heading: its letters and digits in lower case, with hyphens for spaces. */
    public static function anchor(string $title): string
    {
        $words = preg_split('/[\s-]+/', strtolower($title), -1, PREG_SPLIT_NO_EMPTY);
        $clean = preg_replace('/[^a-z0-9_]/', '', $words);

        return implode('-', array_filter($clean, fn (string $word) => $word !== ''));
    }

    private function heading(int $level, string $title): string
    {
        return sprintf('<h%d id="%s">%s</h%1$d>', $level, self::anchor($title), $this->inline($title));
    }

    /** Takes the block's lines, and the fence that closes it, from $lines. */
    private function codeBlock(string $language, array &$lines): string
    {
        $code = $this->takeWhile($lines, '/^(?!```$)/');
        array_shift($lines);
        $class = $language === '' ? '' : " class=\"language-$language\"";

        return "<pre><code$class>" . htmlspecialchars(implode("\n", $code), ENT_QUOTES) . '</code></pre>';
    }

    /** Takes a list's lines from $lines; lines that begin with two spaces belong to an item. */
    private function list(array &$lines, bool $ordered): string
    {
        $item = $ordered ? '/^\d+\. /' : '/^[-*] /';
        $element = $ordered ? 'ol' : 'ul';
        $html = "<$element>\n";
        while ($lines !== [] && preg_match($item, $lines[0])) {
            $text = preg_replace($item, '', array_shift($lines));
            $nested = preg_replace('/^  /', '', $this->takeWhile($lines, '/^  /'));
            $html .= '<li>' . $this->inline($text);
            $html .= $nested === [] ? '' : "\n" . $this->render(implode("\n", $nested)) . "\n";
            $html .= "</li>\n";
        }

        return "$html</$element>";
    }

    private function code(string $text): string
    {
        return '<code>' . htmlspecialchars(trim($text), ENT_QUOTES) . '</code>';
    }

    /** A link; addresses of other schemes than these are left as text. */
    private function link(string $text, string $address): string
    {
        if (!preg_match('~^(?:https?://|mailto:|/|#)~', $address)) {
            return "[$text]($address)";
        }

        return $this->keep("<a href=\"$address\">") . $text . '</a>';
    }

    private function issue(string $number): string
    {
        return "<a href=\"/$this->project" . self::ISSUE_URL . "$number\">#$number</a>";
    }

    /** A placeholder for finished HTML. */
    private function keep(string $html): string
    {
        $this->kept[] = $html;

        return "\0" . array_key_last($this->kept) . "\0";
    }

    /** @return list<string> the first lines that match, which are removed from $lines */
    private function takeWhile(array &$lines, string $pattern): array
    {
        $taken = [];
        while ($lines !== [] && preg_match($pattern, $lines[0])) {
            $taken[] = array_shift($lines);
        }

        return $taken;
    }
}
